"""Jars: locked, verified, and whole."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from infra.errors import OperatorError
from stack.install import jars


def test_killed_download_leaves_nothing_behind(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / f".partial-{dead.pid}").mkdir()
    (tmp_path / f".partial-{os.getpid()}").mkdir()
    jars._remove_abandoned(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f".partial-{os.getpid()}"]


def test_jar_with_wrong_checksum_is_removed(tmp_path: Path) -> None:
    jar = tmp_path / "a.jar"
    jar.write_bytes(b"not what the lock names")
    with pytest.raises(OperatorError, match="g:a:1 has a wrong checksum"):
        jars.verify(jar, {"jar": "g:a:1", "sha256": hashlib.sha256(b"the jar").hexdigest()})
    assert not jar.exists()


def test_lock_names_every_jar_with_a_checksum() -> None:
    lock = json.loads(jars.LOCK.read_text())
    assert set(lock) == {"kafka", "hdfs", "presto", "presto-iceberg", "spark"}
    for entries in lock.values():
        assert len({jars._filename(entry) for entry in entries}) == len(entries)
        assert all(len(entry["sha256"]) == 64 and entry["size"] > 0 for entry in entries)
