"""Test the command line: its help, and the command names from earlier versions."""

import sys

import click
import pytest
from click.testing import CliRunner

from cli import main
from cli.commands import RENAMED, renamed
from cli.main import cli


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("audit", "'audit' is now 'faults'"),
        ("audit --seed 3", "'audit' is now 'faults'"),
        ("play --history 30d", "'play --history 30d' is now 'backfill 30d'"),
        ("play --history=30d", "'play --history=30d' is now 'backfill 30d'"),
        ("play --seed 7 --history 9d --events 900", "... is now 'backfill 9d --seed 7 --events 900'"),
        ("play --scenario flash-sale", "'play --scenario flash-sale' is now 'scenario flash-sale'"),
        ("play", "'play' is now 'backfill' or 'scenario'"),
        ("play --help", "'play' is now 'backfill' or 'scenario'"),
    ],
)
def test_old_command_is_one_line_with_the_new_name(old: str, message: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["guildhall", *old.split()])
    with pytest.raises(SystemExit) as end:
        main.main()
    assert end.value.code == 2
    assert capsys.readouterr().err == f"guildhall: {message.replace('...', repr(old))}\n"


def test_unknown_command_is_not_taken_for_a_renamed_one() -> None:
    assert renamed(["nonsense", "--history", "3d"]) is None
    result = CliRunner().invoke(cli, ["nonsense"])
    assert (result.exit_code, "No such command 'nonsense'" in result.output) == (2, True)


def test_renamed_commands_exist_and_old_names_do_not() -> None:
    assert set(RENAMED.values()) <= set(cli.commands)
    assert not {old[0] for old in RENAMED} & set(cli.commands)


def test_help_shows_every_command_once_under_a_section() -> None:
    text = CliRunner().invoke(cli, ["--help"]).output
    listed = [line.split()[0] for line in text.partition("Servers:")[2].splitlines() if line.startswith("  ")]
    assert sorted(listed) == sorted(cli.commands)
    assert [line for line in text.splitlines() if line.endswith(":")][1:] == [
        "Servers:",
        "Play:",
        "Analysis:",
        "Operations:",
        "Development:",
        "Containers:",
    ]


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0, result.output
    command = cli.commands[name]
    assert command.help
    assert all(p.help for p in command.params if isinstance(p, click.Option)), f"each option of {name} is explained"
