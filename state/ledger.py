"""The typed Python client of the ledger. Each method calls one Redis Function or reads a few keys."""

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
    """The realm waits for its fence, because its state may be older than what players have already seen."""

    def __init__(self, realm: int) -> None:
        super().__init__(f"realm {realm} is recovering")
        self.realm = realm


class SettlementHalted(Exception):
    """The ledger refused the records and applied none of them. The message is for the operator."""


class Gap(SettlementHalted):
    """The records do not follow the realm's offset. The state in Redis is older than the reader of the log expects."""

    def __init__(self, realm: int, expected: int, actual: int) -> None:
        super().__init__(f"realm {realm}: record {expected} is due, but got {actual}")


class LogTruncated(SettlementHalted):
    """The log no longer contains the record that must be settled next."""

    def __init__(self, realm: int, due: int, begin: int, end: int) -> None:
        super().__init__(
            f"realm {realm}: record {due} is due, but the log has only {begin} to {end - 1}: ./guildhall rebuild "
            f"--realm {realm} --from archive"
        )


class Rebuilding(SettlementHalted):
    """Only a rebuild may settle the realm at present, and the caller is not this rebuild."""

    def __init__(self, realm: int) -> None:
        super().__init__(f"realm {realm} is being rebuilt; if none is running: ./guildhall rebuild --realm {realm}")


class TooManyMalformed(SettlementHalted):
    """The log has more malformed records in a row than may go to quarantine without the operator's consent."""

    def __init__(self, realm: int, run: int, offset: int) -> None:
        super().__init__(
            f"realm {realm}: {run} malformed records in a row up to offset {offset}: fix their producer, or "
            f"./guildhall quarantine accept --realm {realm}"
        )
        self.offset = offset


class Ledger:
    """The ledger of all realms on one Redis server. Its methods are thread-safe.

    Every method may raise redis.RedisError. If a method that writes raises it, Redis may have done the write or not.
    """

    def __init__(self, connection: redis.Redis, settings: Settings | None = None) -> None:
        self._redis = connection
        settings = settings or Settings()
        self._hold_ms = int(settings.hold_seconds * 1000)
        # An attempt lasts until its process is no longer allowed to respond 2xx. After that, the next one may begin.
        self._attempt_ms = int(settings.acceptance_seconds * 1000)

    def reserve_many(self, requests: Sequence[Reservation | RetryRequest]) -> list[ReserveResult]:
        """Take or resume a hold for each request, in order and in one round trip, and return one result for each.

        Each request is atomic, but all requests together are not.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for r in requests:
            if isinstance(r, Reservation):
                pipeline.fcall("reserve", 1, hash_tag(r.realm), *self._reserve_arguments(r))
            else:
                pipeline.fcall("resume", 1, hash_tag(r.realm), r.event_id, self._hold_ms, self._attempt_ms)
        return [parse_reserve_result(reply) for reply in pipeline.execute()]

    def confirm(self, holds: Sequence[tuple[int, str, int]]) -> list[bool]:
        """Return, for each hold whose event is in the log, whether that event will settle.

        A hold is given as (realm, event id, generation). All holds are checked in one round trip.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for realm, event_id, generation in holds:
            pipeline.fcall_ro("confirm", 1, hash_tag(realm), event_id, generation)
        return [bool(reply) for reply in pipeline.execute()]

    def suspend(self, realm: int, event_id: str, attempt: int) -> None:
        """End an append attempt with an unknown outcome, so that the next attempt need not wait."""
        self._redis.fcall("suspend", 1, hash_tag(realm), event_id, attempt)

    def release(self, realm: int, event_id: str, generation: int) -> bool:
        """Release a hold of this generation, and return whether it was released.

        Call this only for an event that is certainly not in the log and will never be. The ledger does not release the
        hold if another attempt has begun in the meantime, or if the void of the hold is under way.
        """
        return bool(self._redis.fcall("release", 1, hash_tag(realm), event_id, generation))

    def attach(self, realm: int) -> str:
        """Close the realm if Redis was restarted since the last call.

        Returns the token of the fence that the realm waits for, or an empty string if the realm is open.
        """
        return str(self._redis.fcall("attach", 1, hash_tag(realm), str(uuid.uuid4())))

    def sweep(self, realm: int) -> list[ExpiredHold]:
        """Return expired holds, which the caller must void. A hold is returned again only after some seconds."""
        reply: Any = self._redis.fcall("sweep", 1, hash_tag(realm))
        return [ExpiredHold.parse(text) for text in reply]

    def settle(self, realm: int, records: Sequence[str], malformed_limit: int = 0, rebuild: str = "") -> int:
        """Apply records in offset order, and return the number of records that were not settled before.

        The records are results of :func:`encode_settle_record` and :func:`encode_malformed_record`. ``rebuild`` is the
        token of the rebuild that calls this method, and is empty for all other callers. Raises SettlementHalted if the
        records do not follow the realm's offset, if another rebuild is under way, or if more than ``malformed_limit``
        records in a row are malformed. A ``malformed_limit`` of 0 means that there is no limit.
        """
        try:
            return int(self._redis.fcall("settle", 1, hash_tag(realm), rebuild, malformed_limit, *records))
        except redis.ResponseError as error:
            raise _halt_reason(realm, str(error)) or error from error

    def begin_rebuild(self, realm: int, token: str) -> int:
        """Close the realm, take the sole right to settle it, and return its offset."""
        return int(self._redis.fcall("begin_rebuild", 1, hash_tag(realm), token))

    def wipe(self, realm: int, token: str, keys: int) -> bool:
        """Remove about ``keys`` keys of the realm's state, and return whether more may be left."""
        return bool(self._redis.fcall("wipe", 1, hash_tag(realm), token, keys))

    def end_rebuild(self, realm: int, token: str) -> None:
        """Give up the sole right to settle the realm."""
        self._redis.fcall("end_rebuild", 1, hash_tag(realm), token)

    def is_rebuilding(self, realm: int) -> bool:
        """Return whether a rebuild of the realm is running or was interrupted."""
        return bool(self._redis.get(f"{hash_tag(realm)}:rebuilding"))

    def halt(self, realm: int, reason: str) -> None:
        """Publish the reason why the realm is not being settled. An empty reason means that it is being settled."""
        if reason:
            self._redis.set(f"{hash_tag(realm)}:halted", reason)
        else:
            self._redis.delete(f"{hash_tag(realm)}:halted")

    def halted(self, realm: int) -> str:
        """Return the reason why the realm is not being settled, or an empty string if it is."""
        return str(self._redis.get(f"{hash_tag(realm)}:halted") or "")

    def is_recovering(self, realm: int) -> bool:
        """Return whether the realm takes no holds because it waits for its fence."""
        return bool(self._redis.get(f"{hash_tag(realm)}:recovering")) or not self._redis.get(f"{hash_tag(realm)}:run")

    def malformed_allowed(self, realm: int) -> int:
        """Return the offset up to which any number of malformed records may go to quarantine."""
        return int(str(self._redis.get(f"{hash_tag(realm)}:malformed_allowed") or -1))

    def allow_malformed(self, realm: int, offset: int) -> None:
        """Allow any number of malformed records up to this offset to go to quarantine."""
        self._redis.set(f"{hash_tag(realm)}:malformed_allowed", offset)

    def holdings(self, realm: int, owner: str) -> OwnerBalances:
        """Return the balances of an owner (``player:<name>``, ``guild:<name>``, ``house``). Raises RealmRecovering."""
        reply: Any = self._redis.fcall_ro("holdings", 1, hash_tag(realm), owner)
        if not reply:
            raise RealmRecovering(realm)
        offset, settled, held = reply
        return OwnerBalances(owner, int(offset), amounts(settled), amounts(held))

    def history_before(self, realm: int, owner: str, offset: int, count: int) -> list[HistoryEntry]:
        """Return up to ``count`` events in the owner's history with a lower offset, newest first.

        The history covers the last day of log time. Raises RealmRecovering.
        """
        return self._history(realm, owner, "before", offset, count)

    def history_after(self, realm: int, owner: str, offset: int, count: int) -> list[HistoryEntry]:
        """Return up to ``count`` events in the history with a higher offset, oldest first. Raises RealmRecovering."""
        return self._history(realm, owner, "after", offset, count)

    def _history(self, realm: int, owner: str, direction: str, offset: int, count: int) -> list[HistoryEntry]:
        reply: Any = self._redis.fcall_ro("history", 1, hash_tag(realm), owner, direction, offset, count)
        if reply == ["closed"]:
            raise RealmRecovering(realm)
        return [parse_history_entry(entry) for entry in reply]

    def ranking(self, realm: int, board: str, first: int, count: int) -> list[tuple[str, int]]:
        """Return the owners with the largest amounts, from place ``first`` (0 is the best). Raises RealmRecovering."""
        reply: Any = self._redis.fcall_ro("ranking", 1, hash_tag(realm), board, first, first + count - 1)
        if reply == ["closed"]:
            raise RealmRecovering(realm)
        return list(amounts(reply).items())

    def overview(self, realm: int, latest: int) -> Overview:
        """Return the state of a realm for people who watch it.

        The state includes the last events; ``latest`` is the number of these events.
        """
        return parse_overview(self._redis.fcall_ro("overview", 1, hash_tag(realm), latest))

    def snapshot(self, realm: int) -> Snapshot:
        """Return all balances of a realm at one moment.

        Redis serves no other client during this call, which takes about 2 us for each owner.
        """
        return parse_snapshot(list(self._redis.fcall_ro("snapshot", 1, hash_tag(realm))))

    def event(self, realm: int, event_id: str) -> EventStatus | None:
        """Return the status of an event, or None if it is unknown or older than a day. Raises RealmRecovering."""
        reply: Any = self._redis.fcall_ro("event", 1, hash_tag(realm), event_id)
        if not reply:
            raise RealmRecovering(realm)
        return EventStatus.parse(reply[0]) if reply[0] else None

    def events(self, ids: Sequence[tuple[int, str]]) -> list[EventStatus | None]:
        """Return the status of each (realm, event id), in one round trip.

        A status is None if the event is unknown, or if its realm is recovering.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for realm, event_id in ids:
            pipeline.fcall_ro("event", 1, hash_tag(realm), event_id)
        return [EventStatus.parse(reply[0]) if reply and reply[0] else None for reply in pipeline.execute()]

    def offsets(self, realms: Iterable[int]) -> dict[int, int]:
        """Return realm -> the offset of the last settled record, or -1 if there is none."""
        return {n: int(str(self._redis.get(f"{hash_tag(n)}:offset") or -1)) for n in realms}

    def generations(self, realms: Iterable[int]) -> dict[int, int]:
        """Return realm -> the generation that new events must have."""
        return {n: int(str(self._redis.get(f"{hash_tag(n)}:generation") or NO_GENERATION)) for n in realms}

    def settled_and_rejected(self, realm: int) -> tuple[int, list[int]] | None:
        """Return the realm's offset, and the offsets of rejected events in order.

        The second result contains at least all rejected events up to the realm's offset. Returns None if the two
        results may belong to different states, because the realm is being rebuilt or Redis was rolled back between the
        two reads.
        """
        before = self.offsets([realm])[realm]
        rejected: Any = self._redis.lrange(f"{hash_tag(realm)}:rejected", 0, -1)
        if self.is_rebuilding(realm) or self.offsets([realm])[realm] < before:
            return None
        return before, [int(offset) for offset in rejected]

    def totals(self, realm: int) -> dict[str, int]:
        """Return counts of records by outcome: settled, voided, stale, rejected, duplicate, malformed, telemetry."""
        reply: Any = self._redis.hgetall(f"{hash_tag(realm)}:totals")
        return {name: int(count) for name, count in reply.items()}

    def ready(self) -> None:
        """Raise redis.RedisError if Redis is unreachable or does not have the library."""
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
            self._attempt_ms,
            json.dumps({"owner": r.seen.owner, "settled": r.seen.settled, "held": r.seen.held}) if r.seen else "",
        )


def encode_settle_record(event: Event, offset: int, at_ms: int) -> str:
    """Encode an event for ``settle``. ``at_ms`` is the broker's timestamp of the record, in ms since 1970."""
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
    """Encode a malformed record for ``settle``, where the record only moves the offset."""
    return json.dumps({"offset": offset, "type": "-malformed"})  # no event type begins with a minus sign


def details_line(details: dict[str, str | int]) -> str:
    """Encode an event's details in the form that a status line contains."""
    return json.dumps(details, separators=(",", ":"))


def available(holdings: OwnerBalances, owner: str) -> dict[str, dict[str, int]]:
    """Return the settled, held and available amount of every account with a balance or a hold."""
    names = sorted(holdings.settled.keys() | holdings.held.keys())
    result = {}
    for name in names:
        settled = holdings.settled.get(name, opening_balance(f"{owner}:{name}"))
        held = holdings.held.get(name, 0)
        result[name] = {"settled": settled, "held": held, "available": settled - held}
    return result


def _halt_reason(realm: int, message: str) -> SettlementHalted | None:
    if "REBUILDING" in message:
        return Rebuilding(realm)
    if found := re.search(r"GAP expected (\d+) got (\d+)", message):
        return Gap(realm, int(found[1]), int(found[2]))
    if found := re.search(r"MALFORMED (\d+) (\d+)", message):
        return TooManyMalformed(realm, int(found[1]), int(found[2]))
    return None
