"""Questions to Presto, through PyHive."""

from dataclasses import dataclass
from typing import Any

import requests
from pyhive import exc, presto

from game.events import TELEMETRY
from stack.errors import StackError
from stack.instance import Instance
from state.settings import Settings

POLL_SECONDS = 0.05  # PyHive's default of a second turns a query of 0.3 s into one of 1.1 s

#: Which rows of the table ``events`` tell of a look. It moves nothing, and the ledger does not remember its id.
IS_TELEMETRY = f"event_type in ({', '.join(repr(name) for name in sorted(TELEMETRY))}) and cardinality(transfers) = 0"


@dataclass(frozen=True)
class Answer:
    """Column names and rows."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


def query(instance: Instance, text: str) -> Answer:
    """Ask the instance's Presto. Raises StackError if the query is wrong or Presto does not answer."""
    return ask(instance.settings(), text)


def ask(settings: Settings, text: str) -> Answer:
    """Ask the Presto of these settings. Raises StackError if the query is wrong or Presto does not answer."""
    connection = presto.connect(
        settings.presto_host,
        port=settings.presto_port,
        catalog="iceberg",
        schema="guildhall",
        poll_interval=POLL_SECONDS,
    )
    cursor = connection.cursor()
    try:
        cursor.execute(text)
        rows = cursor.fetchall()
    except requests.ConnectionError as error:
        raise StackError("Presto does not answer: ./guildhall up") from error
    except exc.DatabaseError as error:
        details = error.args[0] if error.args else {}
        message = details.get("message", str(error)) if isinstance(details, dict) else str(error)
        raise StackError(" ".join(str(message).split())) from error
    return Answer([column[0] for column in cursor.description or ()], rows)
