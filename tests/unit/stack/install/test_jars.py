"""Test that jars are locked, verified and installed completely."""

import hashlib
import json
from pathlib import Path

import pytest

from infra.errors import OperatorError
from stack.install import jars


def test_jar_with_wrong_checksum_is_removed(tmp_path: Path) -> None:
    jar = tmp_path / "a.jar"
    jar.write_bytes(b"not what the lock names")
    with pytest.raises(OperatorError, match="g:a:1 has a wrong checksum"):
        jars.verify(jar, {"jar": "g:a:1", "sha256": hashlib.sha256(b"the jar").hexdigest()})
    assert not jar.exists()


def test_lock_names_every_jar_with_a_checksum() -> None:
    lock = json.loads(jars.LOCK.read_text())
    assert set(lock) == {"kafka", "hdfs", "presto", "presto-iceberg", "spark", "web"}
    for entries in lock.values():
        assert len({jars._filename(entry) for entry in entries}) == len(entries)
        assert all(len(entry["sha256"]) == 64 and entry["size"] > 0 for entry in entries)
