"""Test completion at the prompt."""

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from analytics.sql_shell.completion import SqlCompleter
from analytics.sql_shell.prompt import COMMANDS
from infra.errors import OperatorError

COLUMNS = {"events": {"offset": "bigint", "player": "varchar"}, "players": {"player": "varchar", "gold": "bigint"}}


def completions(before: str, after: str = "", columns=lambda: COLUMNS) -> list[str]:
    completer = SqlCompleter(columns, COMMANDS)
    document = Document(before + after, len(before))
    return [found.text for found in completer.get_completions(document, CompleteEvent())]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("sele", "", ["select"]),
        ("SELE", "", ["SELECT"]),
        ("select * from ", "", ["events", "players"]),
        ("select * from e", "", ["events"]),
        ("select pl", " from events", ["player", "players"]),
        ("select go", " from players", ["gold"]),
        ("select go", " from events", []),
        ("select off", " from events", ['"offset"']),
        ('select "off', " from events", ['"offset"']),
        ("select e.", " from events e", ['"offset"', "player"]),
        ("select * from events as e join players p on e.player = p.", "", ["player", "gold"]),
        ("select 1; select go", " from players; select", ["gold"]),
        ("select 'from e", "", []),
        ("-- from e", "", []),
        ("\\", "", ["\\?", "\\d", "\\n", "\\s", "\\q"]),
        ("\\d pl", "", ["players"]),
        ("\\n item_s", "", ["item_sales"]),
        ("\\s item_s", "", ["item_sales"]),
    ],
)
def test_completion_offers_what_may_come_next(before: str, after: str, found: list[str]) -> None:
    assert completions(before, after) == found


def test_completion_reads_columns_once_and_late() -> None:
    asked = []
    completer = SqlCompleter(lambda: asked.append(1) or COLUMNS, COMMANDS)
    for text in ("select 'x", "\\n w"):
        list(completer.get_completions(Document(text), CompleteEvent()))
    assert not asked
    for text in ("select ", "select g", "\\d "):
        list(completer.get_completions(Document(text), CompleteEvent()))
    assert len(asked) == 1


def test_completion_without_presto_offers_keywords() -> None:
    def no_presto():
        raise OperatorError("Presto is unreachable")

    assert completions("sele", columns=no_presto) == ["select"]
