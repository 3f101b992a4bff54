"""What the tests share: a real Redis of their own, and one instance of the whole pipeline for the session."""

import logging
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import redis
import requests
from flask import Flask
from pydantic import SecretStr
from pyspark.sql import SparkSession
from rich.console import Console
from werkzeug.serving import make_server

from infra.paths import ROOT, cache_folder
from infra.settings import Settings
from load.guildhall_client import Guildhall
from stack.install import jars, java
from stack.install.apt import program_path, require_programs
from stack.instance import PORTS, REDIS_USERS, Instance, open_instance
from stack.operations.pipeline_status import realm_progress
from stack.servers import lifecycle
from state.acl import acl_file
from state.connection import connect
from state.library import install_library
from streaming.session import create_session

PATIENCE_SECONDS = 60
CATCH_UP_SECONDS = 120

# Of the session's pipeline: holds that nobody settles end while a test can wait, and a slow machine still delivers.
DEADLINES = {"delivery_seconds": 8.0, "hold_seconds": 20.0, "margin_seconds": 6.0}

# So often that every test of the pipeline runs beside them.
JOBS = {"derive_seconds": 8.0, "maintenance_seconds": 25.0}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", action="store_true", help="Also do every fault to real servers: takes half an hour.")
    parser.addoption("--compose", action="store_true", help="Only build and run docker-compose.yml with podman.")
    parser.addoption("--pictures", action="store_true", help="Write the pictures of the page to docs/screenshots.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Faults leave duplicates and forgeries in the log that others do not expect, and the tests of the rebuild take the
    # log away: they come last.
    last = ["test_faults.py", "test_rebuild.py"]
    items.sort(key=lambda item: last.index(item.path.name) if item.path.name in last else -1)
    faults, compose = config.getoption("--faults"), config.getoption("--compose")

    def is_asked_for(item: pytest.Item) -> bool:
        # Compose by itself: with the pipeline of the other tests it would be too much for a small machine.
        return bool(item.get_closest_marker("compose")) == compose and (faults or not item.get_closest_marker("faults"))

    left_out = [item for item in items if not is_asked_for(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def free_block(size: int) -> int:
    """The first of ``size`` free ports in a row."""
    for first in range(17400, 19000, size):
        try:
            for port in range(first, first + size):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")


def eventually(what, seconds: float = PATIENCE_SECONDS):
    """The first true answer of ``what()``; fails with the last one."""
    give_up = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < give_up, f"still {answer!r} after {seconds} s"
        time.sleep(0.1)
    return answer


def guildhall(instance: Instance, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, on this instance."""
    command = [sys.executable, "-m", "cli.main", "--home", str(instance.home), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def wait_until_caught_up(instance: Instance) -> None:
    """Return when the log is settled and landed to its end."""
    eventually(lambda: all(realm.is_caught_up for realm in realm_progress(instance)), CATCH_UP_SECONDS)


@dataclass
class RedisServer:
    """A real Redis with our users and our library."""

    port: int
    passwords: dict[str, str]

    def settings(self, user: str) -> Settings:
        return Settings(redis_port=self.port, redis_user=user, redis_password=SecretStr(self.passwords[user]))

    def connection(self, user: str) -> redis.Redis:
        return connect(self.settings(user))

    def raw(self, user: str) -> redis.Redis:
        """Answers bytes, for what is no text."""
        return redis.Redis(port=self.port, username=user, password=self.passwords[user])


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    require_programs(Console())
    folder = tmp_path_factory.mktemp("redis")
    server = RedisServer(free_block(1), {user: f"{user}-password" for user in REDIS_USERS})
    (folder / "users.acl").write_text(acl_file(server.passwords))
    command = [program_path("redis-server"), "--port", str(server.port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(
        [*command, "--dir", str(folder), "--aclfile", str(folder / "users.acl")], stdout=subprocess.DEVNULL
    )
    try:

        def answers() -> bool:
            try:
                return bool(server.connection("admin").ping())
            except redis.ConnectionError:
                return False

        eventually(answers, 10)
        install_library(server.connection("admin"))
        yield server
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def empty_redis(redis_server: RedisServer) -> RedisServer:
    redis_server.connection("admin").flushall()
    return redis_server


@pytest.fixture
def api(empty_redis: RedisServer):
    from tests.support.api_harness import Api  # at first use, as it needs what is defined here

    return Api(empty_redis)


@pytest.fixture(scope="session")
def lake_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of Spark with its tables in a folder."""
    spark_jars = str(jars.install(cache_folder(), Console())["spark"])
    folder = tmp_path_factory.mktemp("lake")
    return Settings(realms=2, hdfs=f"file://{folder}", spark_jars=spark_jars, spark_ui_port=free_block(1))


@pytest.fixture(scope="session")
def spark(lake_settings: Settings) -> Iterator[SparkSession]:
    """The streams' own Spark, in this process: one for all tests, as a process cannot have two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_HOME", str(java.find(cache_folder(), Console())))
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        with pytest.MonkeyPatch.context() as only_this_jvm:
            # Each plan runs once: C2 would take three quarters of the processor for code that nothing runs again.
            only_this_jvm.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
            session = create_session(lake_settings)
        # A handful of rows: tasks, compiled code and plans that adapt would cost more than they save.
        session.conf.set("spark.sql.shuffle.partitions", 1)
        session.conf.set("spark.sql.codegen.wholeStage", "false")
        session.conf.set("spark.sql.adaptive.enabled", "false")
        yield session
        session.stop()


@pytest.fixture(scope="session")
def pipeline() -> Iterator[Instance]:
    """The whole pipeline, in a folder and on ports of its own. Whatever an earlier run left there is ended first."""
    home = ROOT / ".guildhall-test"
    known = home / "instance.json"
    if known.exists():
        lifecycle.down(open_instance(home))

    shutil.rmtree(home, ignore_errors=True)
    instance = open_instance(home, free_block(len(PORTS)), overrides=DEADLINES | JOBS)
    try:
        lifecycle.up(instance, Console())
        yield instance
    finally:
        lifecycle.down(instance)


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The API on a port of its own, without a line of log for each request."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Player(Guildhall):
    """A player of an instance, registered, settled and free of the rate limits."""

    def __init__(self, instance: Instance, realm: int, name: str | None = None) -> None:
        super().__init__(instance.settings().api_url, operator_key=instance.secrets["operator_key"], timeout=60)
        self.wait_until_settled(self.register(realm, name)["id"], PATIENCE_SECONDS)

    @property
    def headers(self) -> dict[str, str]:
        """Of requests that a test sends by itself."""
        return {
            "Authorization": f"Bearer {self.token}",
            "Guildhall-Operator": self.session.headers["Guildhall-Operator"],
        }

    def post(self, path: str, **body: object) -> requests.Response:
        """One try, without a key."""
        return self.request("POST", path, body)

    def status_of(self, event_id: str) -> str:
        return str(self.event(event_id)["status"])

    def gold(self) -> dict:
        return self.inventory()["accounts"].get("gold", {"settled": 0, "held": 0, "available": 0})
