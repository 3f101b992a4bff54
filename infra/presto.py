"""A client for Presto, based on PyHive."""

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
POLL_SECONDS = 0.05  # with PyHive's default of 1 s, a query that needs 0.3 s would take 1.1 s

#: SQL condition for view events in the table ``events``. View events have no transfers, and no status in the ledger.
IS_TELEMETRY = f"event_type in ({', '.join(repr(name) for name in sorted(TELEMETRY))}) and cardinality(transfers) = 0"

_NESTED = ("array(", "map(", "row(")


@dataclass(frozen=True)
class QueryResult:
    """The column names and the rows that a query returned."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


class RunningQuery:
    """A query that :func:`open_query` has started in Presto. Reading its columns or rows may block."""

    def __init__(self, cursor: presto.Cursor) -> None:
        self._cursor = cursor

    @property
    def columns(self) -> list[str]:
        """Return the names of the columns, or an empty list for a statement without a result."""
        return [column[0] for column in self._cursor.description or ()]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows as they arrive. Each array, map or nested row is JSON text on one line."""
        types = [column[1] for column in self._cursor.description or ()]
        nested = {i for i, name in enumerate(types) if name.startswith(_NESTED)}
        for row in iter(self._cursor.fetchone, None):
            yield tuple(_on_one_line(value) if i in nested else value for i, value in enumerate(row)) if nested else row


def fetch(settings: Settings, text: str) -> QueryResult:
    """Run a query and return all rows. Raises OperatorError if the query is wrong or Presto is unreachable."""
    with open_query(settings, text) as query:
        rows = list(query)
        return QueryResult(query.columns, rows)


@contextmanager
def open_query(settings: Settings, text: str) -> Iterator[RunningQuery]:
    """Start a query and stream its rows.

    Leaving the block early, also by Ctrl-C, cancels the query in Presto, which would otherwise continue.
    Raises OperatorError if the query is wrong or Presto is unreachable.
    """
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
        raise OperatorError("Presto is unreachable: ./guildhall up") from error
    except exc.Error as error:
        raise OperatorError(_reason(error)) from error
    finally:
        _cancel(cursor)


def _on_one_line(value: Any) -> Any:
    # PyHive returns the JSON text as Presto sends it, and Presto puts each entry of a map on a line of its own.
    return json.dumps(json.loads(value), ensure_ascii=False) if isinstance(value, str) else value


def _reason(error: exc.Error) -> str:
    details = error.args[0] if error.args else {}
    message = details.get("message", str(error)) if isinstance(details, dict) else str(error)
    return " ".join(str(message).split())


def _cancel(cursor: presto.Cursor) -> None:
    # Cancelling has no effect after the last row. PyHive raises AssertionError if it does not know the URL of the query
    # yet. Such a query need not be cancelled, because Presto ends a query by itself if no client asks for its rows.
    with suppress(requests.RequestException, exc.Error, AssertionError):
        cursor.cancel()
