"""Implements ``./guildhall quarantine replay``.

The command appends a record from quarantine to its realm if today's code accepts the record. Like every action, a
replay takes a hold before it appends. So it cannot spend gold that is reserved for another accepted action. The ledger
settles each id once, so a repeated replay does no harm.
"""

import queue
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from game.accounts import Transfer
from game.decision import Decision
from game.events import FENCE, VOID, Event, Malformed
from infra.errors import OperatorError, server_errors
from infra.kafka.event_log import KafkaLog, NotAppended
from infra.presto import fetch
from infra.settings import Settings
from infra.terminal import printable
from stack.instance import Instance
from stack.operations.quarantine.records import QuarantinedRecord, redecode
from state.connection import connect
from state.ledger import Ledger
from state.results import AlreadyExists, Held, InsufficientBalance, Recovering, Reservation

_ADVICE = "./guildhall up, then replay again"


class NotReplayed(Exception):
    """The record was not appended and is still in quarantine. The message is the reason, in one line."""


def replay(instance: Instance, records: Iterable[QuarantinedRecord], console: Console) -> bool:
    """Replay the records and print a line for each record.

    Returns whether all records were replayed. Raises OperatorError if a server does not respond.
    """
    all_replayed = True
    with server_errors(_ADVICE):
        replayer = Replayer(instance)
    for record in records:
        name = f"realm {record.realm} offset {record.offset}"
        try:
            event, offset = replayer.replay(record)
            text = f"{name}: {event.type} {event.id} is now in the log of realm {event.realm} at offset {offset}"
        except NotReplayed as error:
            all_replayed = False
            text = f"{name}: not replayed: {printable(str(error))}"
        console.print(Text(text), soft_wrap=True)
    return all_replayed


class Replayer:
    """Appends quarantined records that are valid events for today's code.

    All methods raise OperatorError if a server does not respond.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._settings: Settings = instance.settings("api")
        self._ledger = Ledger(connect(self._settings, attach=True), self._settings)
        self._log = KafkaLog(self._settings)

    def replay(self, record: QuarantinedRecord) -> tuple[Event, int]:
        """Append the record to the realm that it names. Returns the event and its offset in that realm.

        Raises NotReplayed if the record is not a valid event, or if appending the event would change nothing.
        """
        event = self._decode(record)
        with server_errors(_ADVICE):
            self._hold(event)
            return event, self._append(event)

    def _decode(self, record: QuarantinedRecord) -> Event:
        try:
            event = redecode(record, self._instance.realms)
        except Malformed as error:
            raise NotReplayed(str(error)) from error
        if event.type in (VOID, FENCE):
            # A late fence or void would cancel events that were accepted in the meantime.
            raise NotReplayed(f"a {event.type} is valid only at its own place in the log; the stream appends them")
        # Look for the id in the archive, which keeps ids permanently. Redis remembers an id only for a day.
        where = f"realm = {event.realm:d} and event_id = '{event.id}'"  # the schema allows only hexadecimal ids
        known = fetch(self._instance.settings(), f'select min("offset") from events where {where}').rows[0][0]  # noqa: S608
        if known is not None:
            raise NotReplayed(f"event {event.id} is already in the log of realm {event.realm}, at offset {known}")
        return event

    def _hold(self, event: Event) -> None:
        transfers = tuple(Transfer(t.debit, t.credit, t.amount) for t in event.transfers)
        decision = Decision(event.type, event.details, transfers)
        reservation = Reservation(event.id, event.realm, event.player or "-", decision, event.request)
        (result,) = self._ledger.reserve_many([reservation])
        match result:
            case Held(generation) if generation != event.generation:
                self._ledger.release(event.realm, event.id, generation)
                raise NotReplayed(
                    f"it is stale: its generation is {event.generation}, and the realm's generation is {generation}"
                )
            case Held():
                return
            case AlreadyExists(status):
                raise NotReplayed(f"event {event.id} is already {status.status}")
            case InsufficientBalance(account, available, needed):
                raise NotReplayed(f"{account} has {available:,} available, but {needed:,} is needed")
            case Recovering():
                raise OperatorError(f"realm {event.realm} is recovering: replay again in a moment")
        raise AssertionError(result)  # other results occur only with conditions or after an earlier attempt

    def _append(self, event: Event) -> int:
        done: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        try:
            self._log.append(event, done.put)
        except NotAppended as error:
            self._ledger.release(event.realm, event.id, event.generation)
            raise OperatorError(f"Kafka does not respond: {_ADVICE}") from error
        try:
            offset = done.get(timeout=self._settings.hold_seconds)
        except queue.Empty:
            offset = None
        if offset is None:
            # Keep the hold, because the event may be in the log. If it is, it settles; otherwise a void cancels the
            # hold after its deadline.
            raise OperatorError("Kafka did not confirm the event: replay it again in a few minutes")
        return offset
