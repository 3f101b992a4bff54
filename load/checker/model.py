"""The books of a realm as its log alone gives them: the checker's own account of the protocol.

Written from the design and not from ``state/ledger.lua``, so that one mistake does not stand in both. It never forgets
an id, and so it holds for logs of less than a day, after which the ledger may take an id for a new one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from game.accounts import is_house, opening_balance
from game.events import FENCE, NO_GENERATION, VOID, Event, Malformed, decode, is_telemetry

FINAL = frozenset({"settled", "voided", "rejected"})

# An event of another generation. It is void, but its id is not used up: the same request may be tried again.
STALE = "stale"

LARGEST_BALANCE = 2**53 - 1  # the ledger computes in doubles, which are exact up to here


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the realm's partition; ``at_ms`` is the broker's time of it, in ms since 1970."""

    offset: int
    at_ms: int
    value: bytes | None


class ModelLedger:
    """The state of one realm after the records that were applied so far."""

    def __init__(self, realm: int) -> None:
        self.realm = realm
        self.offset = -1
        self.generation = NO_GENERATION
        self.balances: dict[str, int] = {}  # of every account that a settled transfer has touched
        self.statuses: dict[str, str] = {}  # event id -> settled, voided, rejected or stale
        self.events: list[tuple[int, Event]] = []  # what the log holds that is not malformed, by offset
        self.settled: dict[str, Event] = {}  # event id -> what moved the balances; no fences
        self.finals: list[tuple[int, Event, str]] = []  # by offset, the events that ended here and how

    def balance(self, account: str) -> int:
        """What the account has; an account without transfers has its opening balance."""
        return self.balances.get(account, opening_balance(account))

    def apply(self, record: Record) -> None:
        """Go on by one record, which follows the last one. What is no event only moves the offset."""
        self.offset = record.offset
        try:
            event = decode(record.value, self.realm)
        except Malformed:
            return
        self.events.append((record.offset, event))
        if is_telemetry(event):
            return
        if self.statuses.get(event.id) not in FINAL:
            status = self._decide(event)
            if status:
                self.statuses[event.id] = status
            if status in FINAL:
                self.finals.append((record.offset, event, status))

    def _decide(self, event: Event) -> str:
        """What becomes of the event, empty if it says nothing: a void of another generation."""
        if event.type == FENCE:
            self.generation = self.offset
            return "settled"
        if event.generation != self.generation:
            return "" if event.type == VOID else STALE
        if event.type == VOID:
            return "voided"
        after = self._after(event)
        if after is None:
            return "rejected"
        self.balances |= after
        self.settled[event.id] = event
        return "settled"

    def _after(self, event: Event) -> dict[str, int] | None:
        """The balances that the event leaves, None if they would not be legal. All debits come before any credit."""
        needed: dict[str, int] = {}
        for transfer in event.transfers:
            needed[transfer.debit] = needed.get(transfer.debit, 0) + transfer.amount
        if any(self.balance(account) < amount for account, amount in needed.items() if not is_house(account)):
            return None
        after = effect(event)
        for account in after:
            after[account] += self.balance(account)
        legal = all(abs(balance) <= LARGEST_BALANCE for balance in after.values())
        return after if legal else None


def effect(event: Event) -> dict[str, int]:
    """By how much the event moves each of its accounts."""
    moved: dict[str, int] = {}
    for transfer in event.transfers:
        moved[transfer.debit] = moved.get(transfer.debit, 0) - transfer.amount
        moved[transfer.credit] = moved.get(transfer.credit, 0) + transfer.amount
    return moved


def fold(realm: int, records: Iterable[Record]) -> ModelLedger:
    """The books after all of these records."""
    books = ModelLedger(realm)
    for record in records:
        books.apply(record)
    return books
