"""Questions to Presto, through PyHive: the one way to ask it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import requests
from pyhive import exc, presto

from game.events import TELEMETRY
from infra.errors import OperatorError
from infra.settings import Settings

SCHEMA = "guildhall"
POLL_SECONDS = 0.05  # PyHive's default of a second turns a query of 0.3 s into one of 1.1 s

#: Which rows of the table ``events`` tell of a look. It moves nothing, and the ledger does not remember its id.
IS_TELEMETRY = f"event_type in ({', '.join(repr(name) for name in sorted(TELEMETRY))}) and cardinality(transfers) = 0"

_NESTED = ("array(", "map(", "row(")


@dataclass(frozen=True)
class QueryResult:
    """Column names and rows."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


class RunningQuery:
    """A query that Presto works on. Made by :func:`open_query`; its columns and rows are waited for when asked for."""

    def __init__(self, cursor: presto.Cursor) -> None:
        self._cursor = cursor

    @property
    def columns(self) -> list[str]:
        """The names of the columns; none for a statement that answers nothing."""
        return [column[0] for column in self._cursor.description or ()]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """The rows as they come. Arrays, maps and rows in them are JSON, each in a line."""
        kinds = [column[1] for column in self._cursor.description or ()]
        nested = {i for i, kind in enumerate(kinds) if kind.startswith(_NESTED)}
        for row in iter(self._cursor.fetchone, None):
            yield tuple(_in_a_line(value) if i in nested else value for i, value in enumerate(row)) if nested else row


def fetch(settings: Settings, text: str) -> QueryResult:
    """Ask the Presto of these settings. Raises OperatorError if the query is wrong or Presto does not answer."""
    with open_query(settings, text) as question:
        rows = list(question)
        return QueryResult(question.columns, rows)


@contextmanager
def open_query(settings: Settings, text: str) -> Iterator[RunningQuery]:
    """Start a query and stream its rows. Leaving the block early, also by Ctrl-C, cancels the query in Presto, which
    would otherwise work on. Raises OperatorError if the query is wrong or Presto is unreachable."""
    cursor = presto.connect(
        settings.presto_host,
        port=settings.presto_port,
        catalog="iceberg",
        schema=SCHEMA,
        poll_interval=POLL_SECONDS,
    ).cursor()
    try:
        cursor.execute(text)
        yield RunningQuery(cursor)
    except requests.RequestException as error:
        raise OperatorError("Presto does not answer: ./guildhall up") from error
    except exc.Error as error:
        raise OperatorError(_reason(error)) from error
    finally:
        _cancel(cursor)


def _in_a_line(value: Any) -> Any:
    # PyHive hands on the JSON as Presto sends it: a map has a line for each of its entries.
    return json.dumps(json.loads(value), ensure_ascii=False) if isinstance(value, str) else value


def _reason(error: exc.Error) -> str:
    details = error.args[0] if error.args else {}
    message = details.get("message", str(error)) if isinstance(details, dict) else str(error)
    return " ".join(str(message).split())


def _cancel(cursor: presto.Cursor) -> None:
    # Does nothing after the last row. An AssertionError is PyHive's answer if Presto has not said yet under which
    # address the query runs; Presto drops what nobody asks for by itself.
    with suppress(requests.RequestException, exc.Error, AssertionError):
        cursor.cancel()
