"""Reads records from the quarantine table, and decodes them again with today's code."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from game.events import MAX_BYTES, Event, Malformed, decode
from infra.errors import OperatorError
from infra.presto import fetch
from stack.instance import Instance

PAGE = 500  # number of records in one query of `replay --all`; 32 MB if all have the largest possible size

# Read at most one byte more than an event may have. That byte shows that the record is too long to be an event.
_COLUMNS = f'realm, "offset", kafka_time, length(value), substr(value, 1, {MAX_BYTES + 1}), reason'


@dataclass(frozen=True)
class QuarantinedRecord:
    """A record in quarantine.

    ``kafka_time`` is in UTC. ``size`` is the number of all bytes of the record. ``value`` contains the beginning of the
    record: at most one byte more than an event may have. It is None if the record has no value.
    """

    realm: int
    offset: int
    kafka_time: str
    size: int
    value: bytes | None
    reason: str


def find(instance: Instance, *, realm: int | None = None, limit: int) -> tuple[list[QuarantinedRecord], int]:
    """Return the newest ``limit`` records in log order, and the number of all records. Raises OperatorError."""
    where = "" if realm is None else f"where realm = {realm:d}"
    total = fetch(instance.settings(), f"select count(*) from quarantine {where}").rows[0][0]  # noqa: S608 - a number
    newest = _query(instance, f'{where} order by kafka_time desc, "offset" desc limit {limit:d}')
    return sorted(newest, key=lambda record: (record.realm, record.offset)), total


def get(instance: Instance, realm: int, offset: int) -> QuarantinedRecord:
    """Return one record. Raises OperatorError if it is not in quarantine."""
    records = _query(instance, f'where realm = {realm:d} and "offset" = {offset:d}')
    if not records:
        raise OperatorError(f"record {offset} of realm {realm} is not in quarantine: ./guildhall quarantine list")
    return records[0]


def iter_all(instance: Instance) -> Iterator[QuarantinedRecord]:
    """Yield all records, realm by realm, in log order. Raises OperatorError."""
    for realm in range(instance.realms):
        after = -1
        while True:
            where = f'where realm = {realm:d} and "offset" > {after:d} order by "offset" limit {PAGE:d}'
            page = _query(instance, where)
            yield from page
            if len(page) < PAGE:
                break
            after = page[-1].offset


def _query(instance: Instance, where: str) -> list[QuarantinedRecord]:
    text = f"select {_COLUMNS} from quarantine {where}"  # noqa: S608 - `where` has numbers only
    return [_record(row) for row in fetch(instance.settings(), text).rows]


def _record(row: Sequence[Any]) -> QuarantinedRecord:
    realm, offset, kafka_time, size, value, reason = row
    return QuarantinedRecord(realm, offset, kafka_time, size or 0, value, reason)


def redecode(record: QuarantinedRecord, realms: int) -> Event:
    """Decode the record with today's code, as an event of the realm that its JSON names.

    If the JSON does not name an existing realm, the realm of the record is used. Raises Malformed if the record is not
    a valid event.
    """
    try:
        named = json.loads(record.value or b"")["realm"]
    except (ValueError, KeyError, TypeError, RecursionError):
        named = record.realm
    is_realm = type(named) is int and 0 <= named < realms  # isinstance would accept True, which is an int too
    return decode(record.value, named if is_realm else record.realm)


def current_verdict(record: QuarantinedRecord, realms: int) -> str:
    """Return a few words that say whether today's code accepts the record."""
    try:
        return f"event of realm {redecode(record, realms).realm}"
    except Malformed:
        return "not an event"
