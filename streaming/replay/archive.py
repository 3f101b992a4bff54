"""Reads records of the log from the landed tables with Presto, for a rebuild after Kafka has deleted them."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from game.accounts import Transfer
from game.events import new_event
from state.ledger import encode_malformed_record, encode_settle_record

PAGE = 10_000  # number of offsets in one query: enough to spread its fixed cost, and few enough to hold in memory

RunSql = Callable[[str], Sequence[Sequence[Any]]]  # SQL -> rows

_COLUMNS = (
    "\"offset\", date_diff('millisecond', timestamp '1970-01-01 00:00:00', kafka_time), event_id, event_type, player, "
    "generation, request, details_json, json_format(cast(transfers as json))"
)


class Incomplete(Exception):
    """A record is missing in the archive. The message is for the operator."""


def from_archive(run_sql: RunSql) -> Callable[[int, int, int], Iterator[str]]:
    """Return a function that reads landed records.

    Its arguments are the realm, the first and the last offset. It raises Incomplete if a record in this range has not
    landed.
    """

    def read(realm: int, first: int, last: int) -> Iterator[str]:
        # Request the next page from Presto while the caller settles the records of this page.
        with ThreadPoolExecutor(1) as pool:
            page = pool.submit(_page, run_sql, realm, first, min(first + PAGE, last + 1))
            while first <= last:
                begin, first = first, min(first + PAGE, last + 1)
                following: Future[dict[int, str]] | None = None
                if first <= last:
                    following = pool.submit(_page, run_sql, realm, first, min(first + PAGE, last + 1))
                rows = page.result()
                for offset in range(begin, first):
                    if offset not in rows:
                        raise Incomplete(_missing(realm, offset))
                    yield rows[offset]
                if following:
                    page = following

    return read


def landed(run_sql: RunSql, realm: int) -> int:
    """Return the highest landed offset of the realm, or -1 if nothing has landed."""
    text = " union all ".join(
        f'select max("offset") as o from {table} where realm = {realm:d}'  # noqa: S608 - our numbers and names
        for table in ("events", "quarantine")
    )
    found = run_sql(f"select max(o) from ({text})")[0][0]  # noqa: S608 - as above
    return -1 if found is None else int(found)


def _missing(realm: int, offset: int) -> str:
    return (
        f"realm {realm}: record {offset} is not in the archive, perhaps because land_types left it out: "
        f"./guildhall rebuild --realm {realm} --from kafka"
    )


def _page(run_sql: RunSql, realm: int, begin: int, end: int) -> dict[int, str]:
    where = f'where realm = {realm:d} and "offset" >= {begin:d} and "offset" < {end:d}'
    rows = {int(row[0]): _record(realm, *row) for row in run_sql(f"select {_COLUMNS} from events {where}")}  # noqa: S608
    malformed = run_sql(f'select "offset" from quarantine {where}')  # noqa: S608 - our numbers
    return rows | {int(offset): encode_malformed_record(int(offset)) for (offset,) in malformed}


def _record(realm: int, offset: int, at_ms: int, event_id: str, event_type: str, *rest: Any) -> str:
    player, generation, request, details, transfers = rest
    event = new_event(
        event_id=event_id,
        event_type=event_type,
        realm=realm,
        player=player or "",
        at=datetime.fromtimestamp(at_ms / 1000, UTC),  # any time would do, because the ledger does not use it
        generation=int(generation),
        request=request or "",
        details=json.loads(details or "{}"),
        transfers=[Transfer(*parts) for parts in map(_parts, json.loads(transfers or "[]"))],
    )
    return encode_settle_record(event, int(offset), int(at_ms))


def _parts(transfer: Any) -> tuple[str, str, int]:
    # Presto casts a row to a JSON array with the values of its fields.
    debit, credit, amount = transfer
    return debit, credit, int(amount)
