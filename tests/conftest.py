"""Add markers by folder and define the fixtures that several folders share. The helpers are in tests/support.

Modules that take long to import are imported inside the fixtures, so that collecting the tests stays fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.redis_server import RedisServer, running_redis

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from infra.settings import Settings
    from stack.instance import Instance
    from tests.support.api_harness import Api

# Maps each folder to the markers that its tests get.
MARKERS = {
    "unit": ("unit",),
    "integration/local": ("integration", "local"),
    "integration/redis": ("integration", "redis"),
    "integration/spark": ("integration", "spark"),
    "system": ("system",),
    "faults": ("system",),
    "compose": ("compose",),
}

# These tests share the session's pipeline with the other system tests and must run last, in this order.
# The maintenance tests run late so that maintenance has already met the commits of all other tests.
# The fault tests leave duplicates and forged events in the log, which other tests do not expect.
# The rebuild tests delete the log.
LAST = ("system/test_maintenance.py", "faults/", "system/test_rebuild.py")


# Maps a folder to its group. The tests in a group share a server, so they all run in one process.
# The group that takes longest comes first.
SHARED = {"system/": "system", "faults/": "system", "integration/spark/": "spark"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nightly", action="store_true", help="Search longer for rare interleavings: some minutes more.")
    parser.addoption("--faults", action="store_true", help="Also inject every fault into real servers: half an hour.")
    parser.addoption("--compose", action="store_true", help="Only build and run docker-compose.yml with podman.")


def pytest_configure(config: pytest.Config) -> None:
    import hypothesis

    # Set no deadline for an example, because a slow example on a busy machine is not an error.
    hypothesis.settings.register_profile("guildhall", deadline=None)
    hypothesis.settings.load_profile("guildhall")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return a scheduler that gives all tests of a group to one process.

    The groups that pytest-xdist offers itself do not work with this version of pytest.
    """
    from xdist.scheduler import LoadScopeScheduling

    class GroupScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid.partition("::")[0].removeprefix("tests/"))

    return GroupScheduling(config, log)


def _group(path: str) -> str:
    """Return the group of a test file: its shared server, or the file itself, whose tests share fixtures."""
    return next((group for folder, group in SHARED.items() if path.startswith(folder)), path)


def _order(path: str) -> tuple[int, int]:
    """Return the sort key of a test file.

    The groups that take longest come first, so that both processes end at about the same time. The files in LAST come
    last.
    """
    groups = list(dict.fromkeys(SHARED.values()))
    group = _group(path)
    last = next((n for n, name in enumerate(LAST, 1) if path.startswith(name)), 0)
    return groups.index(group) if group in groups else len(groups), last


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    paths = {item: item.path.relative_to(config.rootpath / "tests").as_posix() for item in items}
    for item, path in paths.items():
        for folder, markers in MARKERS.items():
            if path.startswith(f"{folder}/"):
                for marker in markers:
                    item.add_marker(marker)
    in_parallel = hasattr(config, "workerinput")
    items.sort(key=lambda item: _order(paths[item])[0 if in_parallel else 1 :])
    faults, compose = config.getoption("--faults"), config.getoption("--compose")

    def is_selected(item: pytest.Item) -> bool:
        # The Compose tests run alone, because a small machine cannot run the containers and the pipeline of the other
        # tests at the same time.
        return bool(item.get_closest_marker("compose")) == compose and (faults or not item.get_closest_marker("faults"))

    left_out = [item for item in items if not is_selected(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if is_selected(item)]


@pytest.fixture(scope="session")
def nightly(request: pytest.FixtureRequest) -> bool:
    """Return whether this is a nightly run, in which tests search longer than a developer would wait."""
    return bool(request.config.getoption("--nightly"))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    from state.library import install_library

    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        install_library(server.connection("admin"))
        yield server


@pytest.fixture
def empty_redis(redis_server: RedisServer) -> RedisServer:
    from tests.support.api_harness import close_logs

    close_logs()
    redis_server.connection("admin").flushall()
    return redis_server


@pytest.fixture
def api(empty_redis: RedisServer) -> Api:
    from tests.support.api_harness import Api

    return Api(empty_redis)


@pytest.fixture(scope="session")
def lake_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings for a Spark that keeps its tables in a temporary folder."""
    from tests.support.local_spark import settings_in

    return settings_in(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="session")
def spark(lake_settings: Settings) -> Iterator[SparkSession]:
    """Run one Spark that all tests in this process share, because a process cannot run two."""
    from tests.support.local_spark import spark_session

    with spark_session(lake_settings) as session:
        yield session


@pytest.fixture(scope="session")
def pipeline() -> Iterator[Instance]:
    """Run the whole pipeline. It has its own folder and its own ports."""
    from tests.support.pipeline import running_pipeline

    with running_pipeline() as instance:
        yield instance
