"""Compute the state of a realm from its log alone, by the checker's own implementation of the settlement protocol.

This implementation follows the design and not ``state/ledger.lua``, so that both are unlikely to share a mistake. It
remembers every event id, whereas the ledger forgets an id after a day and may then take it for a new one. So the model
predicts the ledger only for logs of less than a day.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from game.accounts import is_house, opening_balance
from game.events import FENCE, NO_GENERATION, VOID, Event, Malformed, decode, is_telemetry

FINAL = frozenset({"settled", "voided", "rejected"})

# Status of an event from another generation. The event moves nothing, but a retry with the same id may still settle.
STALE = "stale"

MAX_BALANCE = 2**53 - 1  # the ledger computes with doubles, which represent integers exactly up to this number


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the realm's partition; ``at_ms`` is the broker's timestamp in milliseconds since 1970."""

    offset: int
    at_ms: int
    value: bytes | None


class ModelLedger:
    """The state of one realm after the records that have been applied so far."""

    def __init__(self, realm: int) -> None:
        self.realm = realm
        self.offset = -1
        self.generation = NO_GENERATION
        self.balances: dict[str, int] = {}  # account -> balance, for accounts that a settled transfer touched
        self.statuses: dict[str, str] = {}  # event id -> settled, voided, rejected or stale
        self.events: list[tuple[int, Event]] = []  # (offset, event) in log order, without malformed records
        self.settled: dict[str, Event] = {}  # event id -> settled event, except for fences
        self.finals: list[tuple[int, Event, str]] = []  # (offset, event, final status), in log order

    def balance(self, account: str) -> int:
        """Return the balance of an account, which is its opening balance if no transfer has touched the account."""
        return self.balances.get(account, opening_balance(account))

    def apply(self, record: Record) -> None:
        """Apply the next record of the log. A malformed record only moves the offset."""
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
        """Return the event's status, or an empty string for a void from another generation, which has no effect."""
        if event.type == FENCE:
            self.generation = self.offset
            return "settled"
        if event.generation != self.generation:
            return "" if event.type == VOID else STALE
        if event.type == VOID:
            return "voided"
        balances = self._balances_after(event)
        if balances is None:
            return "rejected"
        self.balances |= balances
        self.settled[event.id] = event
        return "settled"

    def _balances_after(self, event: Event) -> dict[str, int] | None:
        """Return the new balances of the accounts that the event touches, or None if they are not allowed.

        The balances before the event must cover all of its debits. Credits in the same event do not count.
        """
        needed: dict[str, int] = {}
        for transfer in event.transfers:
            needed[transfer.debit] = needed.get(transfer.debit, 0) + transfer.amount
        if any(self.balance(account) < amount for account, amount in needed.items() if not is_house(account)):
            return None
        after = effect(event)
        for account in after:
            after[account] += self.balance(account)
        is_legal = all(abs(balance) <= MAX_BALANCE for balance in after.values())
        return after if is_legal else None


def effect(event: Event) -> dict[str, int]:
    """Return, for each account that the event touches, the change in its balance."""
    changes: dict[str, int] = {}
    for transfer in event.transfers:
        changes[transfer.debit] = changes.get(transfer.debit, 0) - transfer.amount
        changes[transfer.credit] = changes.get(transfer.credit, 0) + transfer.amount
    return changes


def fold(realm: int, records: Iterable[Record]) -> ModelLedger:
    """Return the state of the realm after all of these records."""
    model = ModelLedger(realm)
    for record in records:
        model.apply(record)
    return model
