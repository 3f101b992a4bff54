"""Test the command ``sql`` while Presto is unreachable."""

from pathlib import Path

import pytest

from stack.instance import open_instance
from tests.support.command_line import guildhall
from tests.support.ports import free_block


@pytest.mark.parametrize("arguments", [["select 1"], ["--csv", "select 1"], ["--explain", "select 1"]])
def test_sql_without_presto_is_one_line(tmp_path: Path, arguments: list[str]) -> None:
    done = guildhall(open_instance(tmp_path, free_block(20)), "sql", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "guildhall: Presto is unreachable: ./guildhall up\n"
