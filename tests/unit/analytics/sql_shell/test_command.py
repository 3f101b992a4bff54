"""Test the parts of the command ``sql`` that need no Presto."""

from pathlib import Path

import pytest

from analytics import queries
from stack.instance import open_instance
from tests.support.command_line import guildhall


def test_list_and_show_need_no_servers(tmp_path: Path) -> None:
    instance = open_instance(tmp_path, 20000)
    listed = guildhall(instance, "sql", "--list")
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == queries.names()
    assert queries.sentence("item_sales") in listed.stdout
    assert guildhall(instance, "sql", "--show", "item_sales").stdout == queries.load("item_sales") + "\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--name", "nope"], "there is no query nope"),
        (["--show", "nope"], "there is no query nope"),
        (["--list", "select 1"], "give only one of QUERY, --name, --show and --list"),
        (["--csv", "--explain", "select 1"], "give --csv or --explain, not both"),
        (["--csv", "select 1; select 2"], "--csv writes one table, but the input has 2 queries"),
        ([" ; -- nothing"], "the input contains no query"),
        ([], "the input contains no query"),
    ],
)
def test_error_is_one_line_and_exit_code_2(tmp_path: Path, arguments: list[str], reason: str) -> None:
    done = guildhall(open_instance(tmp_path, 20000), "sql", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"guildhall: {reason}")
    assert done.stderr.count("\n") == 1
