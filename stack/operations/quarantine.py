"""``./guildhall quarantine``: what of the log is no event, and what can be done about it.

A replay is an action like any other: it takes a hold before it appends. So it cannot take gold that another accepted
action counts on, and the ledger settles each id once.
"""

import json
import queue
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from kafka.errors import KafkaError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from game.accounts import Transfer
from game.decision import Decision
from game.events import FENCE, MAX_BYTES, VOID, Event, Malformed, decode
from infra.errors import OperatorError
from infra.kafka.event_log import KafkaLog, NotAppended
from infra.kafka.topic import end_offsets
from infra.presto import fetch
from infra.settings import Settings
from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger
from state.results import AlreadyExists, Held, InsufficientBalance, Recovering, Reservation

DUMPED = 2048  # bytes that `show` prints; a record may have a megabyte, and its beginning tells what wrote it
PAGE = 500  # records in one query of `replay --all`: with the largest of events these are 32 MB

# One byte too many shows that a record is too long to be an event.
_COLUMNS = f'realm, "offset", kafka_time, length(value), substr(value, 1, {MAX_BYTES + 1}), reason'


class NotReplayed(Exception):
    """The record stays what it is. The message is the reason, in one line."""


@dataclass(frozen=True)
class QuarantinedRecord:
    """A record in quarantine. ``kafka_time`` is UTC; ``size`` counts all its bytes, of which ``value`` has at most
    one more than an event may have, and is None if the record has no value."""

    realm: int
    offset: int
    kafka_time: str
    size: int
    value: bytes | None
    reason: str


def find(instance: Instance, *, realm: int | None = None, limit: int) -> tuple[list[QuarantinedRecord], int]:
    """The newest ``limit`` records, in log order, and how many there are in all. Raises OperatorError."""
    where = "" if realm is None else f"where realm = {realm:d}"
    total = fetch(instance.settings(), f"select count(*) from quarantine {where}").rows[0][0]  # noqa: S608 - a number
    rows = fetch(
        instance.settings(),
        f'select {_COLUMNS} from quarantine {where} order by kafka_time desc, "offset" desc limit {limit:d}',  # noqa: S608 - numbers
    ).rows
    return sorted((_bad(row) for row in rows), key=lambda bad: (bad.realm, bad.offset)), total


def get(instance: Instance, realm: int, offset: int) -> QuarantinedRecord:
    """One record. Raises OperatorError if it is not in quarantine."""
    where = f'realm = {realm:d} and "offset" = {offset:d}'
    rows = fetch(instance.settings(), f"select {_COLUMNS} from quarantine where {where}").rows  # noqa: S608 - numbers
    if not rows:
        raise OperatorError(f"there is no record {offset} of realm {realm} in quarantine: ./guildhall quarantine list")
    return _bad(rows[0])


def iter_all(instance: Instance) -> Iterator[QuarantinedRecord]:
    """All records, realm after realm, in log order. Raises OperatorError."""
    for realm in range(instance.realms):
        after = -1
        while True:
            where = f'where realm = {realm:d} and "offset" > {after:d} order by "offset" limit {PAGE:d}'
            rows = fetch(instance.settings(), f"select {_COLUMNS} from quarantine {where}").rows  # noqa: S608 - numbers
            yield from map(_bad, rows)
            if len(rows) < PAGE:
                break
            after = rows[-1][1]


def _bad(row: Sequence[Any]) -> QuarantinedRecord:
    realm, offset, kafka_time, size, value, reason = row
    return QuarantinedRecord(realm, offset, kafka_time, size or 0, value, reason)


def redecode(bad: QuarantinedRecord, realms: int) -> Event:
    """The record as an event of today's code, in the realm that it names itself. Raises Malformed."""
    try:
        named = json.loads(bad.value or b"")["realm"]
    except (ValueError, KeyError, TypeError, RecursionError):
        named = bad.realm
    is_realm = type(named) is int and 0 <= named < realms  # True is an int, too
    return decode(bad.value, named if is_realm else bad.realm)


def current_verdict(bad: QuarantinedRecord, realms: int) -> str:
    """What today's code takes the record for, in a few words."""
    try:
        return f"event of realm {redecode(bad, realms).realm}"
    except Malformed:
        return "no event"


def render(found: Sequence[QuarantinedRecord], total: int, realms: int) -> Table:
    """A row a record."""
    title = f"Quarantine: the newest {len(found)} of {total:,}" if len(found) < total else f"Quarantine: {total:,}"
    table = Table(title=title, title_justify="left", box=None)
    for name in ("realm", "offset", "Kafka time (UTC)", "bytes"):
        table.add_column(name, justify="right" if name in ("offset", "bytes") else "left", no_wrap=True)
    table.add_column("reason", overflow="fold")
    table.add_column("today", overflow="fold")
    for bad in found:
        row = (
            f"{bad.realm}",
            f"{bad.offset}",
            bad.kafka_time[:19],
            f"{bad.size:,}",
            bad.reason,
            current_verdict(bad, realms),
        )
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def show(instance: Instance, bad: QuarantinedRecord, console: Console) -> None:
    """Everything about one record."""
    lines = [f"realm {bad.realm}, offset {bad.offset}, {bad.kafka_time} UTC, {bad.size:,} bytes"]
    lines += [f"reason: {printable(bad.reason)}", f"today: {current_verdict(bad, instance.realms)}", ""]
    begin = (bad.value or b"")[:DUMPED]
    text = begin.decode(errors="replace")
    # A cut in the middle of a character must not turn text into bytes.
    if all(c.isprintable() or c in "\n\r\t" for c in text.rstrip("\ufffd")) and text:
        lines += [text, ""]
    lines += list(hexdump(begin))
    if bad.size > len(begin):
        lines.append(f"... and {bad.size - len(begin):,} bytes more")
    console.print(Text("\n".join(lines)), soft_wrap=True)


def printable(text: str) -> str:
    """The text with everything escaped that a terminal would not print: it may come from whoever wrote the record."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def hexdump(data: bytes) -> Iterator[str]:
    """Lines of sixteen bytes: position, hexadecimal, and what of it is ASCII text."""
    visible = frozenset(string.digits + string.ascii_letters + string.punctuation + " ")
    for at in range(0, len(data), 16):
        line = data[at : at + 16]
        text = "".join(chr(byte) if chr(byte) in visible else "." for byte in line)
        yield f"{at:08x}  {line.hex(' '):47}  |{text}|"


def replay(instance: Instance, bads: Iterable[QuarantinedRecord], console: Console) -> bool:
    """Replay these records and say of each what became of it; answers whether all were. Raises OperatorError."""
    replayed = True
    replayer = Replay(instance)
    for bad in bads:
        name = f"realm {bad.realm} offset {bad.offset}"
        try:
            event, offset = replayer.replay(bad)
            text = f"{name}: {event.type} {event.id} is in the log of realm {event.realm} at offset {offset}"
        except NotReplayed as error:
            replayed = False
            text = f"{name}: not replayed: {printable(str(error))}"
        console.print(Text(text), soft_wrap=True)
    return replayed


class Replay:
    """Appends records that are events by now. Raises OperatorError when a server does not answer."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._settings: Settings = instance.settings("api")
        self._ledger = Ledger(connect(self._settings, attach=True), self._settings)
        self._log = KafkaLog(self._settings)

    def replay(self, bad: QuarantinedRecord) -> tuple[Event, int]:
        """Append the record to the realm that it names; answers the event and its offset there. Raises NotReplayed if
        it is no event, or one that would change nothing."""
        event = self._event(bad)
        try:
            self._hold(event)
            return event, self._append(event)
        except redis.RedisError as error:
            raise OperatorError(f"Redis does not answer ({error}): ./guildhall up, then replay again") from error

    def _event(self, bad: QuarantinedRecord) -> Event:
        try:
            event = redecode(bad, self._instance.realms)
        except Malformed as error:
            raise NotReplayed(str(error)) from error
        if event.type in (VOID, FENCE):
            # One that comes late would void what was accepted since.
            raise NotReplayed(f"a {event.type} is right only in its time; the stream appends one where it is due")
        # Redis knows an id for a day; the archive for ever.
        where = f"realm = {event.realm:d} and event_id = '{event.id}'"  # the schema leaves ids hexadecimal digits
        known = fetch(self._instance.settings(), f'select min("offset") from events where {where}').rows[0][0]  # noqa: S608
        if known is not None:
            raise NotReplayed(f"event {event.id} is in the log of realm {event.realm} already, at offset {known}")
        return event

    def _hold(self, event: Event) -> None:
        transfers = tuple(Transfer(t.debit, t.credit, t.amount) for t in event.transfers)
        decision = Decision(event.type, event.details, transfers)
        reservation = Reservation(event.id, event.realm, event.player or "-", decision, event.request)
        (outcome,) = self._ledger.reserve_many([reservation])
        match outcome:
            case Held(generation) if generation != event.generation:
                self._ledger.release(event.realm, event.id, generation)
                raise NotReplayed(f"it is of generation {event.generation}, and the realm is in {generation}: void")
            case Held():
                return
            case AlreadyExists(status):
                raise NotReplayed(f"event {event.id} is {status.status} already")
            case InsufficientBalance(account, available, needed):
                raise NotReplayed(f"{account} has {available:,} available and {needed:,} is needed")
            case Recovering():
                raise OperatorError(f"realm {event.realm} is recovering: replay again in a moment")
        raise AssertionError(outcome)  # no condition was set, and only a new request was made

    def _append(self, event: Event) -> int:
        done: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        try:
            self._log.append(event, done.put)
        except NotAppended as error:
            self._ledger.release(event.realm, event.id, event.generation)
            raise OperatorError("Kafka does not answer: ./guildhall up") from error
        try:
            offset = done.get(timeout=self._settings.hold_seconds)
        except queue.Empty:
            offset = None
        if offset is None:
            # The hold stays: the event settles, or it is voided after the hold's deadline.
            raise OperatorError("Kafka did not say whether it has the event: replay it again in some minutes")
        return offset


def accept(instance: Instance, realm: int) -> int:
    """Let the malformed records that are in the log by now go to quarantine; answers up to which offset. Raises
    OperatorError."""
    settings = instance.settings("settler")
    try:
        last = end_offsets(settings)[realm] - 1
        Ledger(connect(settings)).allow_malformed(realm, last)
    except KafkaError as error:
        raise OperatorError("Kafka does not answer: ./guildhall up") from error
    except redis.RedisError as error:
        raise OperatorError("Redis does not answer: ./guildhall up") from error
    return last
