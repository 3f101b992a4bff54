"""Test the checks that run before the servers start."""

import shutil
from pathlib import Path

import pytest
from rich.console import Console

from infra.errors import OperatorError
from stack.instance import open_instance
from stack.servers import lifecycle


def test_full_disk_is_one_line_with_the_fix(tmp_path: Path, monkeypatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(lifecycle.shutil, "disk_usage", lambda _path: usage._replace(free=lifecycle.MIN_FREE_BYTES - 1))
    with pytest.raises(OperatorError, match=r"less than 2 GB free in .*: free some space, or choose another --home"):
        lifecycle.prepare(open_instance(tmp_path), Console())
