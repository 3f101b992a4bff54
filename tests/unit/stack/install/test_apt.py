"""Test the checks for programs that Debian's packages provide."""

import os
from pathlib import Path

import pytest
from rich.console import Console

from infra.errors import OperatorError
from stack.install import apt


def test_old_redis_is_one_line_with_the_fix(tmp_path: Path, monkeypatch) -> None:
    for program, text in (("redis-server", "Redis server v=6.2.7 sha=00000000:0 malloc=jemalloc"), ("ab", "")):
        (tmp_path / program).write_text(f"#!/bin/sh\necho '{text}'\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(OperatorError, match="redis-server 6 is too old, 7 is needed: install a newer one"):
        apt.require_programs(Console())


def test_missing_program_is_one_line_with_the_command(monkeypatch) -> None:
    monkeypatch.setattr(apt, "program_path", lambda _program: None)
    monkeypatch.setattr(apt.shutil, "which", lambda _program: None)
    with pytest.raises(OperatorError, match="type  sudo apt-get install -y redis-server apache2-utils"):
        apt.require_programs(Console())
