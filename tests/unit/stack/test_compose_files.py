"""Test the Compose files without running a container engine."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from infra.paths import ROOT
from stack.install import apt
from stack.instance import DEFAULT_PORT, PORTS, open_instance
from stack.servers import foreground, notebook
from stack.servers.definitions import Server, servers

FILE = ROOT / "docker-compose.yml"

SERVICES = yaml.safe_load(FILE.read_text())["services"]

VOLUMES = yaml.safe_load(FILE.read_text())["volumes"]

DOCKERFILE = (ROOT / "Dockerfile").read_text()

# Services that are not servers of the pipeline. In this order, they make the secrets, own the network, forward Presto's
# port, and serve the notebook.
HELPERS = {"init", "network", "presto-port", "jupyter"}


@pytest.fixture
def natively(tmp_path: Path) -> list[Server]:
    sets = ("kafka", "hdfs", "presto", "presto-iceberg", "spark")
    return servers(open_instance(tmp_path), tmp_path, dict.fromkeys(sets, tmp_path), tmp_path)


def stages() -> dict[str, str]:
    """Return a mapping from each build target to its instructions.

    The instructions of the stages that the target is built from come first.
    """
    found: dict[str, str] = {}
    for text in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]:
        parent, name = re.match(r"(\S+) AS (\S+)", text).groups()
        found[name] = found.get(parent, "") + text
    return found


def test_services_are_the_servers(natively: list[Server]) -> None:
    assert set(SERVICES) - HELPERS == {server.name for server in natively}


def test_service_waits_for_healthy_dependencies(natively: list[Server]) -> None:
    for server in natively:
        waits = dict(SERVICES[server.name]["depends_on"])
        assert waits.pop("init") == {"condition": "service_completed_successfully"}
        assert set(waits) == {"network", *server.after}, server.name
        assert all(how == {"condition": "service_healthy"} for how in waits.values())


def test_service_runs_its_server_in_the_foreground(natively: list[Server]) -> None:
    for name in [*(server.name for server in natively), "jupyter"]:
        service = SERVICES[name]
        default = re.findall(r'^CMD \["(.+)", "(.+)"\]', stages()[service["build"]["target"]], re.MULTILINE)[-1]
        assert service.get("command", list(default)) == ["serve", name]
        assert service["healthcheck"]["test"] == ["CMD", "stack/servers/healthcheck.sh", name]


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_limits_and_few_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    assert service["restart"] == ("no" if name == "init" else "unless-stopped")
    # The service "init" needs no health check, because it ends and the other services wait until it has ended.
    assert ("healthcheck" in service) == (name != "init")


def test_only_the_api_is_published_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert all(re.fullmatch(r"127\.0\.0\.1:\$\{\w+:-\d+\}:\d+", port) for ports in published.values() for port in ports)
    assert {name for name in published if "profiles" not in SERVICES[name]} == {"network"}
    ports = {name: [int(port.rpartition(":")[2]) for port in ports] for name, ports in published.items()}
    presto = DEFAULT_PORT + PORTS["presto"]
    assert ports == {"network": [DEFAULT_PORT], "presto-port": [presto], "jupyter": [notebook.PORT]}
    assert SERVICES["presto-port"]["command"] == [str(presto), f"network:{presto}"]


def test_server_with_data_has_its_own_volume() -> None:
    used = {name: [v.partition(":")[0] for v in s.get("volumes", [])] for name, s in SERVICES.items()}
    owned = {name: [v for v in volumes if v != "secrets"] for name, volumes in used.items()}
    for name in ("redis", "kafka", "namenode", "datanode"):
        assert owned.pop(name) == [name]
        assert f".guildhall/data/{name}" in DOCKERFILE, "the image says whose the volume is"
    assert [v for volumes in owned.values() for v in volumes] == ["notebooks"]
    assert set(VOLUMES) == {v for volumes in used.values() for v in volumes}


def test_only_init_writes_secrets() -> None:
    mounts = {name: [v for v in s.get("volumes", []) if v.startswith("secrets:")] for name, s in SERVICES.items()}
    assert [name for name, mounted in mounts.items() if mounted == ["secrets:/secrets"]] == ["init"]
    assert all(m == "secrets:/secrets:ro" for name, mounted in mounts.items() for m in mounted if name != "init")


def test_images_are_pinned_and_run_without_root() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(r"^ARG BASE=\S+:\d+\.\d+-slim$", DOCKERFILE, re.MULTILINE)
    assert "latest" not in DOCKERFILE + FILE.read_text()
    for service in SERVICES.values():
        target = service["build"]["target"]
        assert service["image"] == f"guildhall-{target}:{version}"
        assert re.findall(r"^USER (.+)$", stages()[target], re.MULTILINE) == ["7400"]


def test_images_install_the_required_packages() -> None:
    assert all(f" {package} " in DOCKERFILE.replace("\\\n", " \\\n") for package in apt.PACKAGES.values())


def test_images_are_built_without_private_files() -> None:
    left_out = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".git", ".guildhall*", "tests"} <= set(left_out)


def test_health_file_is_valid_for_half_a_minute(tmp_path: Path) -> None:
    (tmp_path / "stack" / "servers").mkdir(parents=True)
    script = tmp_path / "stack" / "servers" / "healthcheck.sh"
    shutil.copy(ROOT / "stack" / "servers" / "healthcheck.sh", script)
    sign = tmp_path / ".guildhall" / "run" / "kafka.healthy"
    assert subprocess.run([script, "kafka"], check=False).returncode == 1
    sign.parent.mkdir(parents=True)
    foreground.touch_health_file(sign)
    assert subprocess.run([script, "kafka"], check=False).returncode == 0
    foreground.touch_health_file(sign)
    assert subprocess.run([script, "redis"], check=False).returncode == 1
    os.utime(sign, (sign.stat().st_mtime - 31,) * 2)
    assert subprocess.run([script, "kafka"], check=False).returncode == 1
    sign.write_text("1")
    assert subprocess.run([script, "kafka"], check=False).returncode == 1, "of a container that was started again since"


def test_images_get_no_lock_that_only_tests_need() -> None:
    left_out = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"requirements/dev.lock", "requirements/compose.lock"} <= set(left_out)
