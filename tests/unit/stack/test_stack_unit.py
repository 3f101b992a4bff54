"""The operator's side, without servers."""

import hashlib
import json
import os
import shutil
import socket
import stat
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from infra.errors import OperatorError
from infra.paths import ROOT
from load.scenarios.ab_output import parse_report
from stack.install import apt, jars, java
from stack.instance import PORTS, open_instance
from stack.servers import config, lifecycle
from stack.servers.definitions import Server


def test_an_instance_is_remembered_and_its_secrets_are_private(tmp_path: Path) -> None:
    made = open_instance(tmp_path / "home", 20000, 2)
    assert open_instance(tmp_path / "home") == made
    assert stat.S_IMODE((tmp_path / "home" / "instance.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert len({made.port(name) for name in PORTS}) == len(PORTS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"settings": {"delivery_seconds": 50}}', "delivery_seconds must be less than hold_seconds - margin_seconds"),
        ('{"settings": {"no_such_setting": 1}}', "no_such_setting: Extra inputs are not permitted"),
        ("{", "is no JSON"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "instance.json").write_text(text)
    with pytest.raises(OperatorError, match=reason) as error:
        open_instance(tmp_path)
    assert "\n" not in str(error.value)


def test_no_process_gets_the_secrets_of_another(tmp_path: Path) -> None:
    instance = open_instance(tmp_path)
    api, settler = instance.environment("api"), instance.environment("settler")
    assert instance.secrets["token_key"] in api.values()
    for name, secret in instance.secrets.items():
        assert (secret in settler.values()) == (name == "settler")
        assert (secret in api.values()) == (name in ("api", "token_key", "operator_key", "limiter"))


def test_a_taken_port_is_one_line_that_names_the_fix(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        instance = open_instance(tmp_path, taken.getsockname()[1] - PORTS["redis"])
        server = Server("redis", [], ["redis"], lambda: True)
        with pytest.raises(OperatorError, match=rf"port {taken.getsockname()[1]}, for redis, is taken: .*--port"):
            lifecycle._require_free_ports(instance, server)


def test_the_configuration_binds_to_loopback_and_hides_passwords(tmp_path: Path) -> None:
    instance = open_instance(tmp_path, 20000)
    config.write_all(instance)
    files = [path for path in (tmp_path / "conf").rglob("*") if path.is_file()]
    text = "\n".join(path.read_text() for path in files)
    assert "0.0.0.0" not in text  # noqa: S104 - looked for in order not to find it
    assert not any(secret in text for secret in instance.secrets.values())
    assert f"port {instance.port('redis')}" in text
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)


def test_an_old_redis_is_one_line_that_names_the_fix(tmp_path: Path, monkeypatch) -> None:
    for program, text in (("redis-server", "Redis server v=6.2.7 sha=00000000:0 malloc=jemalloc"), ("ab", "")):
        (tmp_path / program).write_text(f"#!/bin/sh\necho '{text}'\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(OperatorError, match="redis-server 6 is too old, 7 is needed: install a newer one"):
        apt.require_programs(Console())


def test_what_is_missing_and_cannot_be_installed_is_one_line_to_type(monkeypatch) -> None:
    monkeypatch.setattr(apt, "program_path", lambda _program: None)
    monkeypatch.setattr(apt.shutil, "which", lambda _program: None)
    with pytest.raises(OperatorError, match="type  sudo apt-get install -y redis-server apache2-utils"):
        apt.require_programs(Console())


def test_a_full_disk_is_one_line_that_names_the_fix(tmp_path: Path, monkeypatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(lifecycle.shutil, "disk_usage", lambda _path: usage._replace(free=lifecycle.FREE_BYTES - 1))
    with pytest.raises(OperatorError, match=r"less than 2 GB free in .*: free some, or choose another --home"):
        lifecycle.prepare(open_instance(tmp_path), Console())


def test_a_download_that_was_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / f".partial-{dead.pid}").mkdir()
    (tmp_path / f".partial-{os.getpid()}").mkdir()
    jars._remove_abandoned(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f".partial-{os.getpid()}"]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_1"', 1),
        ('openjdk version "21"', 21),
        ("", None),
    ],
)
def test_java_versions(text: str, version: int | None) -> None:
    assert java.major_version(text) == version


def test_a_wrong_checksum_is_refused_and_the_file_removed(tmp_path: Path) -> None:
    jar = tmp_path / "a.jar"
    jar.write_bytes(b"not what the lock names")
    with pytest.raises(OperatorError, match="g:a:1 has a wrong checksum"):
        jars.verify(jar, {"jar": "g:a:1", "sha256": hashlib.sha256(b"the jar").hexdigest()})
    assert not jar.exists()


def test_the_lock_names_every_jar_with_a_checksum() -> None:
    lock = json.loads(jars.LOCK.read_text())
    assert set(lock) == {"kafka", "hdfs", "presto", "presto-iceberg", "spark"}
    for entries in lock.values():
        assert len({jars._filename(entry) for entry in entries}) == len(entries)
        assert all(len(entry["sha256"]) == 64 and entry["size"] > 0 for entry in entries)


def test_an_old_python_is_one_line_that_names_the_fix(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\ncase "$2" in *exit*) exit 1;; *) echo 3.9;; esac\n')
    python.chmod(0o755)
    environment = {**os.environ, "GUILDHALL_PYTHON": str(python), "GUILDHALL_CACHE": str(tmp_path / "cache")}
    done = subprocess.run([ROOT / "guildhall", "up"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "is 3.9" in done.stderr
    assert "GUILDHALL_PYTHON" in done.stderr


def test_load_goes_to_loopback_only(tmp_path: Path) -> None:
    script = [ROOT / "load" / "data_generator.sh", "--url", "http://192.0.2.1:80", "--out", str(tmp_path / "out")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "not on this machine" in done.stderr


def test_reading_abs_report() -> None:
    report = "Complete requests:      50\nFailed requests:        1\nNon-2xx responses:      12\n  95%     33\n"
    assert parse_report(report) == (50, 12, 1)
    with pytest.raises(ValueError, match="Complete requests"):
        parse_report("ab: connection refused")
