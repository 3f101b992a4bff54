"""Test that the pages in docs/reference equal the pages that the code generates."""

from pathlib import Path

import click
import pytest

from cli.main import cli
from cli.reference import FOLDER, TABLE_BEGIN, cli_page, pages, with_metrics_table
from infra import metrics
from infra.settings import Settings

STALE = "stale: python -m cli.reference writes it again"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_page_is_current(path: Path) -> None:
    assert path.exists(), STALE
    assert path.read_text() == pages()[path], STALE


def test_cli_page_has_every_command_and_option() -> None:
    page = (FOLDER / "cli.md").read_text()
    for name, command in cli.commands.items():
        assert f"## ./guildhall {name}\n" in page
        options = [o for o in command.params if isinstance(o, click.Option)]
        assert all(f"`{o.opts[0]}`" in page for o in options)


def test_settings_page_has_every_setting() -> None:
    page = (FOLDER / "settings.md").read_text()
    assert all(f"| `{name}` | `GUILDHALL_{name.upper()}` |" in page for name in Settings.model_fields)


def test_secrets_are_documented_without_a_value() -> None:
    rows = (FOLDER / "settings.md").read_text().splitlines()
    secrets = [row for row in rows if "| secret |" in row]
    assert secrets
    assert all("| secret | empty |" in row for row in secrets)


def test_pipe_in_help_does_not_break_the_table() -> None:
    @click.command()
    @click.option("--mode", default="a", help="a | b")
    def command(mode: str) -> None:
        """Do it."""

    page = cli_page(click.Group("root", {"command": command}))
    assert "| `--mode` | text | `a` | a \\| b |" in page


def test_metrics_table_is_replaced_between_its_markers() -> None:
    page = (FOLDER / "metrics.md").read_text()
    assert with_metrics_table(page.replace("guildhall_requests_total` | counter", "old` | gauge")) == page
    assert metrics.table() in page


def test_metrics_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the line"):
        with_metrics_table(f"{TABLE_BEGIN}\nno end")
