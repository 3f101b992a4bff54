"""Build the images of docker-compose.yml, start the services, play, kill servers, and stop and restart everything.

The tests run only with --compose. They run in the order of this file, because each test continues where the previous
test ended.
"""

import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from rich.console import Console

from infra.paths import ROOT
from load.guildhall_client import Guildhall
from stack.install import apt
from stack.instance import DEFAULT_PORT, PORTS
from tests.support.podman_engine import Engine
from tests.support.ports import free_block
from tests.support.waiting import CATCH_UP_SECONDS, eventually

BUILD_SECONDS = 3600  # enough to download 1 GB on a machine that does other work at the same time

HEALTHY_SECONDS = 900

DEMO_SECONDS = 900

REQUESTS = "2000"

BASE = re.search(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE).group(1)

# One service for each image, because Compose builds an image by the name of a service.
BUILT = ("init", "redis", "api", "kafka", "namenode", "presto", "streaming", "jupyter")

SERVERS = ("network", "redis", "kafka", "namenode", "datanode", "presto", "streaming", "api")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Engine]:
    if os.geteuid() or not shutil.which("apt-get"):
        pytest.skip("podman and debootstrap are installed with apt and run as root")
    apt.require_engine(Console())
    folder = Path(os.environ.get("GUILDHALL_COMPOSE_FOLDER") or tmp_path_factory.mktemp("compose"))
    first = free_block(3)
    ports = {"GUILDHALL_PORT": first, "GUILDHALL_PRESTO_PORT": first + 1, "GUILDHALL_JUPYTER_PORT": first + 2}
    engine = Engine(folder, "guildhall", **{name: str(port) for name, port in ports.items()})
    try:
        with engine.running():
            yield engine
    finally:
        # Print outside pytest's capture, because pytest hides the output of passing tests.
        with request.config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
            print("\n" + "\n".join(f"{name}: {value}" for name, value in engine.figures.items()))
        shutil.rmtree(folder / "storage", ignore_errors=True)


@pytest.fixture(autouse=True)
def _after_success_only(request: pytest.FixtureRequest) -> None:
    if request.session.testsfailed:
        pytest.skip("a step before this one has failed")


def _url(engine: Engine) -> str:
    return f"http://127.0.0.1:{engine.environment['GUILDHALL_PORT']}"


def _is_well(engine: Engine, server: str, since: float) -> bool:
    """Return whether the server was found healthy after the moment ``since``.

    The age of the result must be checked, because a health check also accepts a result from half a minute ago.
    """
    if server == "network":
        return engine.health().get(server) == "healthy"
    sign = f".guildhall/run/{server}.healthy"
    try:
        engine.podman("exec", _container(server), "stack/servers/healthcheck.sh", server)
        return engine.podman("exec", _container(server), "find", sign, "-newermt", f"@{since:.3f}").strip() == sign
    except AssertionError:
        return False


def _wait_until_healthy(engine: Engine, *names: str) -> float:
    begun = time.monotonic()
    while True:
        health = engine.health()
        if all(health.get(name) == "healthy" for name in names):
            return round(time.monotonic() - begun)
        assert time.monotonic() < begun + HEALTHY_SECONDS, health
        time.sleep(1)


def _wait_until_well(engine: Engine, servers: Sequence[str]) -> None:
    since = time.time()
    for server in servers:
        eventually(lambda server=server: _is_well(engine, server, since), HEALTHY_SECONDS)


def _play(engine: Engine, label: str, *, requests: str = REQUESTS) -> dict[str, list[int]]:
    """Play the demo and expect that all its comparisons hold.

    Returns a mapping from the name of each way of counting to the counts that the demo printed for it.
    """
    begun = time.monotonic()
    text = engine.compose("exec", "-T", "api", "./guildhall", "demo", "--requests", requests, seconds=DEMO_SECONDS)
    engine.figures[f"{label}, seconds"] = round(time.monotonic() - begun)
    assert len(re.findall(r"^[a-z ]+: the same$", text, re.MULTILINE)) == 3, text
    counts: dict[str, list[int]] = {}
    for way, count in re.findall(r"^  ((?:accepted|events|settled|rows|by) [\w ]+?) +([\d,]+)$", text, re.MULTILINE):
        counts.setdefault(way, []).append(int(count.replace(",", "")))
    engine.figures[f"{label}, events of it and ever"] = " and ".join(f"{n:,}" for n in counts["events in Kafka"])
    return counts


def _container(server: str) -> str:
    return f"guildhall_{server}_1"


def _first_process(engine: Engine, server: str) -> int:
    return int(engine.podman("inspect", "--format", "{{.State.Pid}}", _container(server)))


def _kill_container(engine: Engine, server: str) -> None:
    # Send the signal directly, because that looks like a crash to the engine. If the engine itself killed the
    # container, it would count the container as stopped on purpose.
    os.kill(_first_process(engine, server), signal.SIGKILL)


def _kill_server(engine: Engine, server: str) -> None:
    # Kill only the children of the container's first process. That process is ./guildhall serve, and it must end by
    # itself when its server ends.
    for task in Path(f"/proc/{_first_process(engine, server)}/task").iterdir():
        for child in (task / "children").read_text().split():
            os.kill(int(child), signal.SIGKILL)


@contextmanager
def _comes_back(engine: Engine, label: str, servers: Sequence[str]) -> Iterator[None]:
    """Expect the engine to restart what the block kills, and expect every count to continue from its last value."""

    def started() -> list[str]:
        return [engine.podman("inspect", "--format", "{{.State.StartedAt}}", _container(s)) for s in servers]

    before, events = started(), _events(engine)
    yield
    killed = time.monotonic()
    eventually(lambda: all(now != then for now, then in zip(started(), before, strict=True)), CATCH_UP_SECONDS)
    _wait_until_well(engine, servers)
    # Then wait for all other servers, too. For example, HDFS is readable only after the DataNode has reported to the
    # restarted NameNode.
    _wait_until_well(engine, SERVERS)
    engine.figures[f"healthy again after kill -9 of {label}, seconds"] = round(time.monotonic() - killed)
    counts = _play(engine, f"demo after kill -9 of {label}", requests="500")
    assert _events(engine) == events + counts["accepted by the API"][0]


def _ask(engine: Engine, *arguments: str) -> str:
    return engine.compose("exec", "-T", "api", "./guildhall", *arguments, seconds=300)


def _events(engine: Engine) -> int:
    # Do not count fences, because each restart of Redis adds one fence to every realm.
    text = _ask(engine, "sql", "select count(*) as n from events where event_type <> 'fence'")
    return int(re.findall(r"\d+", text)[-1])


def test_images_are_built(engine: Engine) -> None:
    engine.copy_tree()
    engine.make_base(BASE)
    for service in BUILT:
        begun = time.monotonic()
        engine.compose("build", service, seconds=BUILD_SECONDS)
        engine.figures[f"build for {service}, seconds"] = round(time.monotonic() - begun)
    for line in engine.podman("images", "--format", "{{.Repository}} {{.Size}}").splitlines():
        if "guildhall-" in line:
            engine.figures[line.split()[0].rpartition("/")[2]] = line.split(maxsplit=1)[1]
    megabytes = engine.run(["du", "-smx", f"{engine.folder}/storage"], 300).split()[0]
    engine.figures["all images and layers of the build on disk, MB"] = int(megabytes)


def test_compose_up_makes_everything_healthy(engine: Engine) -> None:
    begun = time.monotonic()
    engine.compose("up", "-d", seconds=HEALTHY_SECONDS)
    _wait_until_healthy(engine, *SERVERS)
    engine.figures["up until all are healthy, seconds"] = round(time.monotonic() - begun)


def test_only_the_api_is_reachable(engine: Engine) -> None:
    ada = Guildhall(_url(engine), timeout=60)
    ada.wait_until_settled(ada.register(realm=1, name="ada")["id"], 60)
    assert ada.inventory()["player"] == "ada"
    published = {p["host_port"]: p["host_ip"] for c in engine.containers() for p in c["Ports"] or []}
    assert published == {int(engine.environment["GUILDHALL_PORT"]): "127.0.0.1"}
    address = engine.podman("exec", "guildhall_network_1", "hostname", "-I").split()[0]
    for name in ("redis", "kafka", "kafka_controller", "namenode", "namenode_http", "datanode", "spark_ui"):
        # The host also sees the network between the containers. The servers must be unreachable there as well.
        with socket.socket() as probe:
            assert probe.connect_ex((address, DEFAULT_PORT + PORTS[name])), name


def test_no_root_and_no_secret_in_any_image(engine: Engine) -> None:
    for container in engine.containers():
        if container["State"] == "running":
            assert engine.podman("exec", container["Id"], "id", "-u").strip() == "7400"
    for image in engine.podman("images", "--format", "{{.Id}} {{.Repository}}").splitlines():
        if "guildhall-api" in image:
            command = ["run", "--rm", "--network", "none", "--entrypoint", "find", image.split()[0]]
            found = engine.podman(*command, "/guildhall/.guildhall", "/secrets", "-type", "f")
            assert found.strip() == ""


def test_demo_proves_the_counts(engine: Engine) -> None:
    counts = _play(engine, "demo", requests="6000")
    assert counts["accepted by the API"][0] > 0


@pytest.mark.parametrize("server", ["redis", "kafka", "datanode", "streaming", "api"])
def test_killed_server_comes_back_without_loss(engine: Engine, server: str) -> None:
    with _comes_back(engine, f"server {server}", [server]):
        _kill_server(engine, server)


@pytest.mark.parametrize("server", ["namenode", "presto"])
def test_killed_container_comes_back_without_loss(engine: Engine, server: str) -> None:
    with _comes_back(engine, f"container {server}", [server]):
        _kill_container(engine, server)


def test_all_killed_containers_come_back_without_loss(engine: Engine) -> None:
    servers = [server for server in SERVERS if server != "network"]
    with _comes_back(engine, "all containers", servers):
        for server in servers:
            _kill_container(engine, server)


def test_servers_outlive_the_owner_of_their_network(engine: Engine) -> None:
    # podman keeps the network namespace when its owner restarts. Docker makes a new namespace, and the servers must
    # end so that they restart in the new one. test_foreground.py tests that.
    with _comes_back(engine, "the network's owner", ["network"]):
        _kill_container(engine, "network")
    assert requests.get(f"{_url(engine)}/readyz", timeout=30).status_code == 200


def test_down_and_up_lose_nothing(engine: Engine) -> None:
    bob = Guildhall(_url(engine), timeout=60)
    bob.wait_until_settled(bob.register(realm=2, name="bob")["id"], 60)
    # Reading an inventory also appends an event. So count the events only after the demo, which waits until all events
    # have landed.
    accounts = bob.inventory()["accounts"]
    _play(engine, "demo before down", requests="500")
    events = _events(engine)
    engine.down()
    assert engine.health() == {}
    begun = time.monotonic()
    engine.compose("up", "-d", seconds=HEALTHY_SECONDS)
    _wait_until_healthy(engine, *SERVERS)
    engine.figures["down, and up until all are healthy, seconds"] = round(time.monotonic() - begun)
    assert _events(engine) == events
    assert bob.inventory()["accounts"] == accounts, "the token is still good, too"
    assert "have the same balances" in _ask(engine, "verify")
    _play(engine, "demo after down and up")


def test_profiles_publish_presto_and_the_notebook(engine: Engine) -> None:
    engine.compose("--profile", "presto", "--profile", "jupyter", "up", "-d", seconds=HEALTHY_SECONDS)
    _wait_until_healthy(engine, *SERVERS, "presto-port", "jupyter")
    presto = f"http://127.0.0.1:{engine.environment['GUILDHALL_PRESTO_PORT']}"
    assert requests.get(f"{presto}/v1/info", timeout=30).json()["coordinator"]
    jupyter = f"http://127.0.0.1:{engine.environment['GUILDHALL_JUPYTER_PORT']}"
    assert requests.get(f"{jupyter}/api/contents", timeout=30).status_code == 403, "without the token"
    token = re.search(r"token=(\S+)", _ask(engine, "notebook")).group(1)
    answer = requests.get(f"{jupyter}/api/contents", headers={"Authorization": f"token {token}"}, timeout=30)
    notebooks = {path.name for path in engine.context.glob("*.ipynb")}
    assert notebooks <= {entry["name"] for entry in answer.json()["content"]}
    counted = engine.compose("exec", "-T", "jupyter", "./guildhall", "sql", "select count(*) from events", seconds=120)
    assert int(re.findall(r"\d+", counted)[-1]) > 0


def test_report_is_made_in_the_notebook_container(engine: Engine) -> None:
    # Write so many events that the streams and Presto need more memory than they need for a demo.
    played = _ask(engine, "backfill", "14d", "--events", "100000", "--seed", "7")
    assert re.search(r"rows in Presto 100,000; rejected = 0, stale = 0", played), played
    begun = time.monotonic()
    folder = ".guildhall/notebooks"
    engine.compose("exec", "-T", "jupyter", "./guildhall", "report", "--out", f"{folder}/report.html", seconds=600)
    engine.figures["report in the notebook's container, seconds"] = round(time.monotonic() - begun)
    assert "report.html" in engine.podman("exec", _container("jupyter"), "ls", folder)


def test_no_service_exceeded_its_memory(engine: Engine) -> None:
    for service, megabytes in engine.memory.items():
        engine.figures[f"memory of {service}, most MB"] = megabytes
    assert engine.memory.keys() >= {*SERVERS, "jupyter"}
    assert engine.out_of_memory == set()


def test_compose_down_removes_everything(engine: Engine) -> None:
    engine.down("-v")
    assert engine.containers() == []
    assert engine.podman("volume", "ls", "-q").strip() == ""
