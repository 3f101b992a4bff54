"""The requests that the ledger takes, and the results that it returns."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from game.decision import Decision

NO_REQUEST = "-"  # stands in place of the fingerprint if a request has no Idempotency-Key


@dataclass(frozen=True, slots=True)
class Reservation:
    """A request to set the debits of a decision aside, for the event that will carry the decision.

    ``request`` is the fingerprint of the HTTP request, and ``draft`` is the event without its generation. If both are
    given, the request can be retried with the same event id. ``seen`` holds the balances that the client saw. The
    ledger takes no hold if these balances have changed since then.
    """

    event_id: str
    realm: int
    player: str
    decision: Decision
    request: str = ""
    draft: str = ""
    seen: "OwnerBalances | None" = None


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A request for another attempt to append the event of a hold."""

    event_id: str
    realm: int


@dataclass(frozen=True, slots=True)
class ExpiredHold:
    """A hold past its deadline, which must be voided. A void has no effect if its generation is another one."""

    event_id: str
    player: str
    request: str
    generation: int

    @classmethod
    def parse(cls, text: str) -> "ExpiredHold":
        """Parse an expired hold from the reply to ``sweep`` or ``reserve``."""
        event_id, player, request, generation = text.split(" ")
        return cls(event_id, player.replace("-", ""), request.replace(NO_REQUEST, ""), int(generation))


@dataclass(frozen=True, slots=True)
class Held:
    """The hold is taken. ``expired`` lists older holds in the realm that the caller must void."""

    generation: int
    expired: tuple[ExpiredHold, ...]


@dataclass(frozen=True, slots=True)
class Resumed:
    """The hold is resumed. The caller must append the event in ``draft``, as attempt number ``attempt``."""

    generation: int
    attempt: int
    draft: str


@dataclass(frozen=True, slots=True)
class InsufficientBalance:
    """A debit is not covered. ``account`` has only ``available`` left, but the debit is ``needed``."""

    account: str
    available: int
    needed: int


@dataclass(frozen=True, slots=True)
class ConditionFailed:
    """A condition failed. The settled ``balance`` is outside of the bounds that the decision was based on."""

    account: str
    balance: int


@dataclass(frozen=True, slots=True)
class PreconditionFailed:
    """The balances have changed since the client saw them."""


@dataclass(frozen=True, slots=True)
class AttemptInProgress:
    """Another attempt of the same request is under way."""


@dataclass(frozen=True, slots=True)
class NotRetryable:
    """The hold is expired and its void is under way, or its request cannot be retried."""


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """The ledger has never known the event, or no longer knows it."""


@dataclass(frozen=True, slots=True)
class Recovering:
    """The realm waits for its fence and takes no holds."""


@dataclass(frozen=True, slots=True)
class EventStatus:
    """The status of an event: ``pending``, ``settled``, ``voided`` or ``rejected``.

    ``offset`` is None while the event is pending. ``request`` is the fingerprint of the request, or an empty string if
    the request had no Idempotency-Key.
    """

    status: str
    offset: int | None
    type: str
    player: str
    request: str
    details: dict[str, str | int]

    @classmethod
    def parse(cls, line: str) -> "EventStatus":
        """Parse a status line from the ledger."""
        status, offset, event_type, player, request, details = line.split(" ", 5)
        place = None if offset == "-" else int(offset)
        return cls(status, place, event_type, player, request.replace(NO_REQUEST, ""), json.loads(details))

    @property
    def is_retryable(self) -> bool:
        """Return whether an event with the same id may still settle.

        This is so if the event was voided because of its older generation, and not by a void.
        """
        return self.status == "voided" and self.type != "void"


@dataclass(frozen=True, slots=True)
class AlreadyExists:
    """The event id is already known."""

    status: EventStatus


ReserveResult = (
    Held
    | Resumed
    | InsufficientBalance
    | ConditionFailed
    | PreconditionFailed
    | AlreadyExists
    | AttemptInProgress
    | NotRetryable
    | UnknownEvent
    | Recovering
)


_PLAIN: dict[str, ReserveResult] = {
    "attempt_in_progress": AttemptInProgress(),
    "precondition_failed": PreconditionFailed(),
    "not_retryable": NotRetryable(),
    "unknown_event": UnknownEvent(),
    "recovering": Recovering(),
}


def parse_reserve_result(reply: list[Any]) -> ReserveResult:
    """Parse the reply to ``reserve`` or ``resume``. Raises KeyError if its first word is unknown."""
    kind, *rest = reply
    match kind:
        case "held":
            return Held(int(rest[0]), tuple(map(ExpiredHold.parse, rest[1])))
        case "resumed":
            return Resumed(int(rest[0]), int(rest[1]), rest[2])
        case "insufficient_balance":
            return InsufficientBalance(rest[0], int(rest[1]), int(rest[2]))
        case "condition_failed":
            return ConditionFailed(rest[0], int(rest[1]))
        case "already_exists":
            return AlreadyExists(EventStatus.parse(rest[0]))
    return _PLAIN[kind]


@dataclass(frozen=True, slots=True)
class OwnerBalances:
    """The balances of one owner at ``offset``: settled amounts, and the part of each amount that holds set aside."""

    owner: str
    offset: int
    settled: Mapping[str, int]
    held: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All balances of a realm at one moment, as account -> amount. Accounts at their opening balance are left out."""

    offset: int
    generation: int
    balances: Mapping[str, int]
    held: Mapping[str, int]
    open_holds: frozenset[str]
    rejected: tuple[int, ...]


def parse_snapshot(reply: list[Any]) -> Snapshot:
    """Parse the reply to ``snapshot``."""
    offset, generation, rejected, open_holds, owners = reply
    balances = {f"{owner}:{name}": n for owner, settled, _ in owners for name, n in amounts(settled).items()}
    held = {f"{owner}:{name}": n for owner, _, part in owners for name, n in amounts(part).items()}
    rejects = tuple(int(offset) for offset in rejected)
    return Snapshot(int(offset), int(generation), balances, held, frozenset(open_holds), rejects)


def amounts(flat: Any) -> dict[str, int]:
    """Parse a hash that comes as a dict or as a flat list of names and amounts."""
    pairs = flat.items() if isinstance(flat, dict) else zip(flat[::2], flat[1::2], strict=True)
    return {name: int(amount) for name, amount in pairs}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An event in a player's history; ``at_ms`` is the broker's timestamp, in ms since 1970."""

    offset: int
    at_ms: int
    event_id: str
    status: EventStatus


def parse_history_entry(reply: list[Any]) -> HistoryEntry:
    """Parse one entry of the reply to ``history``."""
    offset, at_and_id, line = reply
    at, event_id = at_and_id.split(" ")
    return HistoryEntry(int(offset), int(at), event_id, EventStatus.parse(line))


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of a realm for people who watch it.

    ``first_deadline_ms`` is the time at which the first open hold expires, in ms since 1970, or 0 if there is no open
    hold. ``latest`` contains the last events, with the oldest one first.
    """

    offset: int
    totals: Mapping[str, int]
    types: Mapping[str, int]
    open_holds: int
    first_deadline_ms: int
    recovering: bool
    halted: str
    latest: tuple[HistoryEntry, ...]


def parse_overview(reply: Any) -> Overview:
    """Parse the reply to ``overview``."""
    offset, totals, types, open_holds, deadline, fence, halted, latest = reply
    entries = []
    for entry, line in latest:
        at, place, event_id = entry.split(" ")[:3]
        if line:
            entries.append(HistoryEntry(int(place), int(at), event_id, EventStatus.parse(line)))
    holds = (int(open_holds), int(deadline))
    return Overview(int(offset), amounts(totals), amounts(types), *holds, bool(fence), halted, tuple(entries))
