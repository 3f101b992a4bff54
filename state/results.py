"""What the ledger is asked for and what it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from game.decision import Decision

NO_REQUEST = "-"  # the fingerprint of a request without an Idempotency-Key


@dataclass(frozen=True, slots=True)
class Reservation:
    """A request to set the debits of a decision aside, for the event that will carry it. A ``request`` fingerprint and
    a ``draft``, the event without its generation, make it one that can be tried again with the same id. ``seen`` is
    what the client saw and what must not have changed since."""

    event_id: str
    realm: int
    player: str
    decision: Decision
    request: str = ""
    draft: str = ""
    seen: "OwnerBalances | None" = None


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A request to try again to append the event of a hold."""

    event_id: str
    realm: int


@dataclass(frozen=True, slots=True)
class ExpiredHold:
    """A hold past its deadline: its event is to be voided. A void of another generation does nothing."""

    event_id: str
    player: str
    request: str
    generation: int

    @classmethod
    def parse(cls, text: str) -> "ExpiredHold":
        event_id, player, request, generation = text.split(" ")
        return cls(event_id, player.replace("-", ""), request.replace(NO_REQUEST, ""), int(generation))


@dataclass(frozen=True, slots=True)
class Held:
    """The hold is taken. ``overdue`` are older holds of the realm whose event never reached the log."""

    generation: int
    overdue: tuple[ExpiredHold, ...]


@dataclass(frozen=True, slots=True)
class Resumed:
    """The hold is taken up: the event of ``draft`` is to be appended, as try number ``attempt``."""

    generation: int
    attempt: int
    draft: str


@dataclass(frozen=True, slots=True)
class InsufficientBalance:
    """Not covered: ``account`` has ``available`` left, and ``needed`` was asked."""

    account: str
    available: int
    needed: int


@dataclass(frozen=True, slots=True)
class ConditionFailed:
    """A condition failed: the settled balance is not what the decision was based on."""

    account: str
    balance: int


@dataclass(frozen=True, slots=True)
class PreconditionFailed:
    """What the client saw has changed."""


@dataclass(frozen=True, slots=True)
class AttemptInProgress:
    """Another try of the same request is under way."""


@dataclass(frozen=True, slots=True)
class NotRetryable:
    """The hold is past its deadline and its void is on its way, or it cannot be tried again."""


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """The ledger does not know the event (any more)."""


@dataclass(frozen=True, slots=True)
class Recovering:
    """The realm is being repaired and takes no holds."""


@dataclass(frozen=True, slots=True)
class EventStatus:
    """``pending``, ``settled``, ``voided`` or ``rejected``; ``offset`` is None while pending. ``request`` is the
    fingerprint of a request with an Idempotency-Key, empty without one."""

    status: str
    offset: int | None
    type: str
    player: str
    request: str
    details: dict[str, str | int]

    @classmethod
    def parse(cls, line: str) -> "EventStatus":
        status, offset, event_type, player, request, details = line.split(" ", 5)
        number = None if offset == "-" else int(offset)
        return cls(status, number, event_type, player, request.replace(NO_REQUEST, ""), json.loads(details))

    @property
    def may_be_tried_again(self) -> bool:
        """Voided not by a void but because it came from an older generation: the same id may still be settled."""
        return self.status == "voided" and self.type != "void"


@dataclass(frozen=True, slots=True)
class AlreadyExists:
    """The event id is known already."""

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
    "busy": AttemptInProgress(),
    "outdated": PreconditionFailed(),
    "doomed": NotRetryable(),
    "gone": UnknownEvent(),
    "recovering": Recovering(),
}


def parse_reserve_result(reply: list[Any]) -> ReserveResult:
    """The answer of ``reserve`` and ``resume``. Raises KeyError for one that is not known."""
    kind, *rest = reply
    match kind:
        case "held":
            return Held(int(rest[0]), tuple(map(ExpiredHold.parse, rest[1])))
        case "resumed":
            return Resumed(int(rest[0]), int(rest[1]), rest[2])
        case "short":
            return InsufficientBalance(rest[0], int(rest[1]), int(rest[2]))
        case "changed":
            return ConditionFailed(rest[0], int(rest[1]))
        case "seen":
            return AlreadyExists(EventStatus.parse(rest[0]))
    return _PLAIN[kind]


@dataclass(frozen=True, slots=True)
class OwnerBalances:
    """What one owner has, as of ``offset``: settled balances, and how much of each is held."""

    owner: str
    offset: int
    settled: Mapping[str, int]
    held: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All books of a realm from one moment: account -> amount. Accounts at their opening balance are left out."""

    offset: int
    generation: int
    balances: Mapping[str, int]
    held: Mapping[str, int]
    open_holds: frozenset[str]
    rejected: tuple[int, ...]


def parse_snapshot(reply: list[Any]) -> Snapshot:
    """The answer of ``snapshot``."""
    offset, generation, rejected, open_holds, books = reply
    balances = {f"{owner}:{name}": n for owner, settled, _ in books for name, n in amounts(settled).items()}
    held = {f"{owner}:{name}": n for owner, _, part in books for name, n in amounts(part).items()}
    rejects = tuple(int(offset) for offset in rejected)
    return Snapshot(int(offset), int(generation), balances, held, frozenset(open_holds), rejects)


def amounts(flat: Any) -> dict[str, int]:
    """A hash, as a dict or as a flat list of name and amount."""
    pairs = flat.items() if isinstance(flat, dict) else zip(flat[::2], flat[1::2], strict=True)
    return {name: int(amount) for name, amount in pairs}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An event in somebody's history; ``at_ms`` is the broker's time of it, in ms since 1970."""

    offset: int
    at_ms: int
    event_id: str
    status: EventStatus


def parse_history_entry(reply: list[Any]) -> HistoryEntry:
    """One entry of the answer of ``history``."""
    offset, at_and_id, line = reply
    at, event_id = at_and_id.split(" ")
    return HistoryEntry(int(offset), int(at), event_id, EventStatus.parse(line))


@dataclass(frozen=True, slots=True)
class Overview:
    """What somebody who watches a realm wants to know. ``first_deadline_ms`` is when the oldest open hold may be
    voided, in ms since 1970, 0 without one. ``latest`` is oldest first."""

    offset: int
    totals: Mapping[str, int]
    types: Mapping[str, int]
    open_holds: int
    first_deadline_ms: int
    recovering: bool
    halted: str
    latest: tuple[HistoryEntry, ...]


def parse_overview(reply: Any) -> Overview:
    """The answer of ``overview``."""
    offset, totals, types, open_holds, deadline, fence, halted, latest = reply
    entries = []
    for entry, line in latest:
        at, place, event_id = entry.split(" ")[:3]
        if line:
            entries.append(HistoryEntry(int(place), int(at), event_id, EventStatus.parse(line)))
    holds = (int(open_holds), int(deadline))
    return Overview(int(offset), amounts(totals), amounts(types), *holds, bool(fence), halted, tuple(entries))
