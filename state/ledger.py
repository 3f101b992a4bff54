"""The Python client of the ledger: types in, types out, one call of a Redis Function each."""

import json
import re
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import redis

from game.accounts import debits, opening_balance
from game.events import NO_GENERATION, Event, is_telemetry
from infra.settings import Settings
from state.connection import hash_tag
from state.results import (
    NO_REQUEST,
    EventStatus,
    ExpiredHold,
    HistoryEntry,
    Overview,
    OwnerBalances,
    Reservation,
    ReserveResult,
    RetryRequest,
    Snapshot,
    amounts,
    parse_history_entry,
    parse_overview,
    parse_reserve_result,
    parse_snapshot,
)


class RealmRecovering(Exception):
    """The realm waits for a fence: what it knows may be older than what players have seen."""

    def __init__(self, realm: int) -> None:
        super().__init__(f"realm {realm} is recovering")
        self.realm = realm


class SettlementHalted(Exception):
    """The ledger refuses records; none of them was applied. The message is for the operator."""


class Gap(SettlementHalted):
    """The records do not follow the realm's offset: Redis is older than the reader believes."""

    def __init__(self, realm: int, due: int, came: int) -> None:
        super().__init__(f"realm {realm}: record {due} is due and {came} came")


class LogTruncated(SettlementHalted):
    """The record that is due is not in the log."""

    def __init__(self, realm: int, due: int, begin: int, end: int) -> None:
        super().__init__(
            f"realm {realm}: record {due} is due and the log has {begin} to {end - 1}: ./guildhall rebuild "
            f"--realm {realm} --from archive"
        )


class Rebuilding(SettlementHalted):
    """Somebody else rebuilds the realm."""

    def __init__(self, realm: int) -> None:
        super().__init__(f"realm {realm} is being rebuilt; if no rebuild runs: ./guildhall rebuild --realm {realm}")


class TooManyMalformed(SettlementHalted):
    """More malformed records in a row than go to quarantine without a question."""

    def __init__(self, realm: int, run: int, offset: int) -> None:
        super().__init__(
            f"realm {realm}: {run} malformed records in a row up to offset {offset}: mend what writes them, or "
            f"./guildhall quarantine accept --realm {realm}"
        )
        self.offset = offset


class Ledger:
    """All realms of one Redis. Thread-safe. Every method may raise redis.RedisError; then nothing is known about
    whether the call took place, except for reads."""

    def __init__(self, connection: redis.Redis, settings: Settings | None = None) -> None:
        self._redis = connection
        settings = settings or Settings()
        self._hold_ms = int(settings.hold_seconds * 1000)
        # A try lasts until its process must no longer answer 2xx; from then on the next one may begin.
        self._try_ms = int(settings.acceptance_seconds * 1000)

    def reserve_many(self, requests: Sequence[Reservation | RetryRequest]) -> list[ReserveResult]:
        """Decide each request, in order, in one round trip. They are atomic one by one, not together."""
        pipeline = self._redis.pipeline(transaction=False)
        for r in requests:
            if isinstance(r, Reservation):
                pipeline.fcall("reserve", 1, hash_tag(r.realm), *self._reserve_arguments(r))
            else:
                pipeline.fcall("resume", 1, hash_tag(r.realm), r.event_id, self._hold_ms, self._try_ms)
        return [parse_reserve_result(reply) for reply in pipeline.execute()]

    def confirm(self, holds: Sequence[tuple[int, str, int]]) -> list[bool]:
        """Whether each (realm, event id, generation) will settle, now that its event is in the log. One round trip."""
        pipeline = self._redis.pipeline(transaction=False)
        for realm, event_id, generation in holds:
            pipeline.fcall_ro("confirm", 1, hash_tag(realm), event_id, generation)
        return [bool(reply) for reply in pipeline.execute()]

    def suspend(self, realm: int, event_id: str, attempt: int) -> None:
        """Say that a try to append has ended and nobody knows how."""
        self._redis.fcall("suspend", 1, hash_tag(realm), event_id, attempt)

    def release(self, realm: int, event_id: str, generation: int) -> bool:
        """Give a hold of this generation back. Only for an event that is certainly not in the log and never will be;
        the ledger refuses when another try was made meanwhile, or when the hold's void is on its way."""
        return bool(self._redis.fcall("release", 1, hash_tag(realm), event_id, generation))

    def attach(self, realm: int) -> str:
        """Look whether this Redis was restarted since the realm was last seen; if so, close the realm. Answers the
        token of the fence that it waits for, empty if it is open."""
        return str(self._redis.fcall("attach", 1, hash_tag(realm), str(uuid.uuid4())))

    def sweep(self, realm: int) -> list[ExpiredHold]:
        """Holds past their deadline, to be voided; each is named again only after a while."""
        reply: Any = self._redis.fcall("sweep", 1, hash_tag(realm))
        return [ExpiredHold.parse(text) for text in reply]

    def settle(self, realm: int, records: Sequence[str], malformed_limit: int = 0, rebuild: str = "") -> int:
        """Apply records of :func:`encode_settle_record` in offset order. Returns the number of new ones. Raises
        SettlementHalted if they do not follow the realm's offset, if another rebuild is under way (``rebuild`` is the
        token of the caller's own), or if more than ``malformed_limit`` in a row are malformed (0: no limit)."""
        try:
            return int(self._redis.fcall("settle", 1, hash_tag(realm), rebuild, malformed_limit, *records))
        except redis.ResponseError as error:
            raise _why(realm, str(error)) or error from error

    def begin_rebuild(self, realm: int, token: str) -> int:
        """Close the realm and take the sole right to settle it; answers its offset."""
        return int(self._redis.fcall("begin_rebuild", 1, hash_tag(realm), token))

    def wipe(self, realm: int, token: str, keys: int) -> bool:
        """Remove about ``keys`` keys of the realm's state; answers whether any may be left."""
        return bool(self._redis.fcall("wipe", 1, hash_tag(realm), token, keys))

    def end_rebuild(self, realm: int, token: str) -> None:
        """Give the sole right back."""
        self._redis.fcall("end_rebuild", 1, hash_tag(realm), token)

    def is_rebuilding(self, realm: int) -> bool:
        """Whether the realm's state is being rebuilt, or a rebuild did not come to its end."""
        return bool(self._redis.get(f"{hash_tag(realm)}:rebuilding"))

    def halt(self, realm: int, reason: str) -> None:
        """Say for people why the realm is not settled; an empty reason takes it back."""
        if reason:
            self._redis.set(f"{hash_tag(realm)}:halted", reason)
        else:
            self._redis.delete(f"{hash_tag(realm)}:halted")

    def halted(self, realm: int) -> str:
        """Why the realm is not settled, empty if it is."""
        return str(self._redis.get(f"{hash_tag(realm)}:halted") or "")

    def is_recovering(self, realm: int) -> bool:
        """Whether the realm takes no holds because it waits for a fence."""
        return bool(self._redis.get(f"{hash_tag(realm)}:recovering")) or not self._redis.get(f"{hash_tag(realm)}:run")

    def malformed_allowed(self, realm: int) -> int:
        """Up to which offset malformed records may go to quarantine however many they are."""
        return int(str(self._redis.get(f"{hash_tag(realm)}:malformed_allowed") or -1))

    def allow_malformed(self, realm: int, offset: int) -> None:
        """Let malformed records up to this offset go to quarantine."""
        self._redis.set(f"{hash_tag(realm)}:malformed_allowed", offset)

    def holdings(self, realm: int, owner: str) -> OwnerBalances:
        """What an owner has (``player:<name>``, ``guild:<name>``, ``house``), from one moment. Raises Closed."""
        reply: Any = self._redis.fcall_ro("holdings", 1, hash_tag(realm), owner)
        if not reply:
            raise RealmRecovering(realm)
        offset, settled, held = reply
        return OwnerBalances(owner, int(offset), amounts(settled), amounts(held))

    def history_before(self, realm: int, owner: str, offset: int, count: int) -> list[HistoryEntry]:
        """The latest ``count`` events of the last day that concern the player, with a lower offset, newest first.
        Raises Closed."""
        return self._history(realm, owner, "before", offset, count)

    def history_after(self, realm: int, owner: str, offset: int, count: int) -> list[HistoryEntry]:
        """The next ``count`` events that concern the player, with a higher offset, oldest first. Raises Closed."""
        return self._history(realm, owner, "after", offset, count)

    def _history(self, realm: int, owner: str, direction: str, offset: int, count: int) -> list[HistoryEntry]:
        reply: Any = self._redis.fcall_ro("history", 1, hash_tag(realm), owner, direction, offset, count)
        if reply == ["closed"]:
            raise RealmRecovering(realm)
        return [parse_history_entry(entry) for entry in reply]

    def ranking(self, realm: int, board: str, first: int, count: int) -> list[tuple[str, int]]:
        """Owners with the largest amounts, from place ``first`` (0 is the best). Raises Closed."""
        reply: Any = self._redis.fcall_ro("ranking", 1, hash_tag(realm), board, first, first + count - 1)
        if reply == ["closed"]:
            raise RealmRecovering(realm)
        return list(amounts(reply).items())

    def overview(self, realm: int, latest: int) -> Overview:
        """What somebody who watches wants to know, with that many of the latest events."""
        return parse_overview(self._redis.fcall_ro("overview", 1, hash_tag(realm), latest))

    def snapshot(self, realm: int) -> Snapshot:
        """All books of a realm from one moment. Redis answers nobody else meanwhile: about 2 us an owner."""
        return parse_snapshot(list(self._redis.fcall_ro("snapshot", 1, hash_tag(realm))))

    def event(self, realm: int, event_id: str) -> EventStatus | None:
        """The status of an event, None if it is not known or older than a day. Raises Closed."""
        reply: Any = self._redis.fcall_ro("event", 1, hash_tag(realm), event_id)
        if not reply:
            raise RealmRecovering(realm)
        return EventStatus.parse(reply[0]) if reply[0] else None

    def events(self, ids: Sequence[tuple[int, str]]) -> list[EventStatus | None]:
        """The statuses of (realm, event id) in one round trip; None also for those of a realm that is closed."""
        pipeline = self._redis.pipeline(transaction=False)
        for realm, event_id in ids:
            pipeline.fcall_ro("event", 1, hash_tag(realm), event_id)
        return [EventStatus.parse(reply[0]) if reply and reply[0] else None for reply in pipeline.execute()]

    def offsets(self, realms: Iterable[int]) -> dict[int, int]:
        """The offset of the last settled record of each realm, -1 for none."""
        return {n: int(str(self._redis.get(f"{hash_tag(n)}:offset") or -1)) for n in realms}

    def generations(self, realms: Iterable[int]) -> dict[int, int]:
        """The generation of each realm, as the events of what it accepts from now on must have it."""
        return {n: int(str(self._redis.get(f"{hash_tag(n)}:generation") or NO_GENERATION)) for n in realms}

    def settled_and_rejected(self, realm: int) -> tuple[int, list[int]] | None:
        """The realm's offset, and at least all offsets up to it whose events were rejected, in order. None while both
        may be of two different states: the realm is being rebuilt, or its Redis has just come back older."""
        before = self.offsets([realm])[realm]
        rejected: Any = self._redis.lrange(f"{hash_tag(realm)}:rejected", 0, -1)
        if self.is_rebuilding(realm) or self.offsets([realm])[realm] < before:
            return None
        return before, [int(offset) for offset in rejected]

    def totals(self, realm: int) -> dict[str, int]:
        """How many records ended as settled, voided, stale, rejected, duplicate, malformed, telemetry."""
        reply: Any = self._redis.hgetall(f"{hash_tag(realm)}:totals")
        return {name: int(count) for name, count in reply.items()}

    def ready(self) -> None:
        """Raises redis.RedisError if Redis does not answer or does not have the library."""
        self._redis.fcall_ro("holdings", 1, hash_tag(0), "house")

    def _reserve_arguments(self, r: Reservation) -> tuple[str | int, ...]:
        return (
            r.event_id,
            r.decision.type,
            r.player,
            self._hold_ms,
            json.dumps(list(debits(r.decision.transfers).items())),
            json.dumps([(c.account, c.least, c.most) for c in r.decision.conditions]),
            r.request or NO_REQUEST,
            details_line(r.decision.details),
            r.draft,
            self._try_ms,
            json.dumps({"owner": r.seen.owner, "settled": r.seen.settled, "held": r.seen.held}) if r.seen else "",
        )


def encode_settle_record(event: Event, offset: int, at_ms: int) -> str:
    """An event as ``settle`` takes it; ``at_ms`` is the broker's time of the record."""
    if is_telemetry(event):
        return json.dumps({"offset": offset, "type": "-telemetry", "kind": event.type})
    return json.dumps(
        {
            "offset": offset,
            "at": at_ms,
            "type": event.type,
            "id": event.id,
            "player": event.player or "-",
            "generation": event.generation,
            "request": event.request or NO_REQUEST,
            "details": details_line(event.details),
            "transfers": [(t.debit, t.credit, t.amount) for t in event.transfers],
        },
        separators=(",", ":"),
    )


def encode_malformed_record(offset: int) -> str:
    """A record that is no event: it moves the offset and nothing else."""
    return json.dumps({"offset": offset, "type": "-malformed"})  # the sign keeps it apart from every event's type


def details_line(details: dict[str, str | int]) -> str:
    """An event's details as its status keeps them."""
    return json.dumps(details, separators=(",", ":"))


def available(holdings: OwnerBalances, owner: str) -> dict[str, dict[str, int]]:
    """Settled, held and available amount of every account that the owner has a balance or a hold in."""
    names = sorted(holdings.settled.keys() | holdings.held.keys())
    result = {}
    for name in names:
        settled = holdings.settled.get(name, opening_balance(f"{owner}:{name}"))
        held = holdings.held.get(name, 0)
        result[name] = {"settled": settled, "held": held, "available": settled - held}
    return result


def _why(realm: int, message: str) -> SettlementHalted | None:
    if "REBUILDING" in message:
        return Rebuilding(realm)
    if found := re.search(r"GAP expected (\d+) got (\d+)", message):
        return Gap(realm, int(found[1]), int(found[2]))
    if found := re.search(r"MALFORMED (\d+) (\d+)", message):
        return TooManyMalformed(realm, int(found[1]), int(found[2]))
    return None
