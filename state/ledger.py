"""The Python client of the ledger: types in, types out, one call of a Redis Function each."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from game.accounts import debits, opening_balance
from game.events import Event
from game.rules import Decision

# The producer gives up after DELIVERY; a hold may be voided after DEADLINE; a 2xx is given only MARGIN before that.
# All in seconds. DELIVERY < DEADLINE - MARGIN, or slow but successful appends would be answered with 503.
DELIVERY_SECONDS = 30.0
DEADLINE_SECONDS = 60.0
MARGIN_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Reservation:
    """A request to set the debits of a decision aside, for the event that will carry it."""

    event_id: str
    realm: int
    player: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Held:
    """The hold is taken. ``overdue`` names older holds of the realm whose event never reached the log: (id, player)."""

    generation: int
    overdue: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Not covered: ``account`` has ``available`` left, and ``needed`` was asked."""

    account: str
    available: int
    needed: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A condition failed: the settled balance is not what the decision was based on."""

    account: str
    balance: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The event id is known already."""

    status: "EventStatus"


@dataclass(frozen=True, slots=True)
class Recovering:
    """The realm is being repaired and takes no holds."""


Outcome = Held | Refused | Changed | Seen | Recovering


@dataclass(frozen=True, slots=True)
class EventStatus:
    """``pending``, ``settled``, ``voided`` or ``rejected``; ``offset`` is None while pending."""

    status: str
    offset: int | None
    type: str
    player: str

    @classmethod
    def parse(cls, line: str) -> "EventStatus":
        status, offset, event_type, player = line.split(" ")
        return cls(status, None if offset == "-" else int(offset), event_type, player)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What one owner has, as of ``offset``: settled balances, and how much of each is held."""

    offset: int
    settled: Mapping[str, int]
    held: Mapping[str, int]


class Ledger:
    """All realms of one Redis. Thread-safe. Every method may raise redis.RedisError; then nothing is known about
    whether the call took place, except for reads."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def reserve(self, reservations: Sequence[Reservation]) -> list[Outcome]:
        """Decide each reservation, in order, in one round trip. They are atomic one by one, not together."""
        pipeline = self._redis.pipeline(transaction=False)
        for r in reservations:
            pipeline.fcall("reserve", 1, _tag(r.realm), *_reserve_arguments(r))
        return [_outcome(reply) for reply in pipeline.execute()]

    def release(self, realm: int, event_id: str) -> bool:
        """Give a hold back. Only for an event that is certainly not in the log and never will be."""
        return bool(self._redis.fcall("release", 1, _tag(realm), event_id))

    def settle(self, realm: int, records: Sequence[str]) -> int:
        """Apply records made by :func:`settle_record` in offset order; answers how many were new. Raises
        redis.ResponseError with ``GAP`` if the first new one does not follow the realm's offset."""
        return int(self._redis.fcall("settle", 1, _tag(realm), *records))

    def holdings(self, realm: int, owner: str) -> Holdings:
        """What ``player:<name>``, ``guild:<name>`` or ``house`` has: settled and held, from one moment."""
        offset, settled, held = self._redis.fcall_ro("holdings", 1, _tag(realm), owner)
        return Holdings(int(offset), _balances(settled), _balances(held))

    def event(self, realm: int, event_id: str) -> EventStatus | None:
        """The status of an event, None if it is not known or older than a day."""
        line = self._redis.get(f"{_tag(realm)}:event:{event_id}")
        return EventStatus.parse(str(line)) if line else None

    def offsets(self, realms: Iterable[int]) -> dict[int, int]:
        """The offset of the last settled record of each realm, -1 for none."""
        return {n: int(str(self._redis.get(f"{_tag(n)}:offset") or -1)) for n in realms}

    def totals(self, realm: int) -> dict[str, int]:
        """How many records ended as settled, voided, rejected, duplicate, malformed."""
        reply: Any = self._redis.hgetall(f"{_tag(realm)}:totals")
        return {name: int(count) for name, count in reply.items()}

    def ready(self) -> None:
        """Raises redis.RedisError if Redis does not answer or does not have the library."""
        self._redis.fcall_ro("holdings", 1, _tag(0), "house")


def settle_record(event: Event, offset: int, at_ms: int) -> str:
    """An event as ``settle`` takes it; ``at_ms`` is the broker's time of the record."""
    return json.dumps(
        {
            "offset": offset,
            "at": at_ms,
            "type": event.type,
            "id": event.id,
            "player": event.player or "-",
            "generation": event.generation,
            "transfers": [(t.debit, t.credit, t.amount) for t in event.transfers],
        },
        separators=(",", ":"),
    )


def malformed_record(offset: int) -> str:
    """A record that is no event: it moves the offset and nothing else."""
    return json.dumps({"offset": offset, "type": "malformed"})


def available(holdings: Holdings, owner: str) -> dict[str, dict[str, int]]:
    """Settled, held and available amount of every account that the owner has a balance or a hold in."""
    names = sorted(holdings.settled.keys() | holdings.held.keys())
    result = {}
    for name in names:
        settled = holdings.settled.get(name, opening_balance(f"{owner}:{name}"))
        held = holdings.held.get(name, 0)
        result[name] = {"settled": settled, "held": held, "available": settled - held}
    return result


def _tag(realm: int) -> str:
    return f"realm:{{{realm}}}"


def _reserve_arguments(r: Reservation) -> tuple[str | int, ...]:
    return (
        r.event_id,
        r.decision.type,
        r.player,
        int(DEADLINE_SECONDS * 1000),
        json.dumps(list(debits(r.decision.transfers).items())),
        json.dumps([(c.account, c.least, c.most) for c in r.decision.conditions]),
    )


def _outcome(reply: list[Any]) -> Outcome:
    kind, *rest = reply
    if kind == "held":
        return Held(int(rest[0]), tuple((i, p) for i, _, p in (late.partition(" ") for late in rest[1])))
    if kind == "short":
        return Refused(rest[0], int(rest[1]), int(rest[2]))
    if kind == "changed":
        return Changed(rest[0], int(rest[1]))
    if kind == "seen":
        return Seen(EventStatus.parse(rest[0]))
    return Recovering()


def _balances(flat: Any) -> dict[str, int]:
    pairs = flat.items() if isinstance(flat, dict) else zip(flat[::2], flat[1::2], strict=True)
    return {name: int(amount) for name, amount in pairs}
