"""Test the settle query without Spark: rows go in, and calls to the ledger come out."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import Row

from game.accounts import Transfer
from game.events import MAX_BYTES, encode, new_event
from infra.settings import Settings
from state.ledger import Rebuilding, TooManyMalformed
from streaming.queries import settle
from streaming.queries.progress import Progress
from streaming.queries.settle import CHUNK, SettleQuery, by_realm, settle_rows, start_offsets, to_settle_record
from streaming.queries.source import LATEST

REALMS = 2
SETTINGS = Settings(realms=REALMS, malformed_limit=3)
AT_MS = 1_769_860_800_000
CLAIM = new_event(
    event_id="3b241101-e2bb-4255-8caf-4136c566a962",
    event_type="gold_claimed",
    realm=0,
    player="ada",
    at=datetime(2026, 1, 31, tzinfo=UTC),
    transfers=(Transfer("house:mint", "player:ada:gold", 100),),
)


class FakeLedger:
    """A ledger that records the calls to ``settle``. While ``error`` is set, ``settle`` raises that error."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, list[int]]] = []
        self.limits: set[int] = set()
        self.error: Exception | None = None
        self.rebuilding: set[int] = set()
        self.allowed = dict.fromkeys(range(REALMS), -1)
        self.settled = dict.fromkeys(range(REALMS), -1)

    def settle(self, realm: int, records: list[str], malformed_limit: int) -> int:
        if self.error and not (isinstance(self.error, TooManyMalformed) and self.allowed[realm] >= self.error.offset):
            raise self.error
        self.limits.add(malformed_limit)
        self.calls.append((realm, [json.loads(record)["offset"] for record in records]))
        return len(records)

    def offsets(self, realms: range) -> dict[int, int]:
        return {realm: self.settled[realm] for realm in realms}

    def is_rebuilding(self, realm: int) -> bool:
        return realm in self.rebuilding

    def malformed_allowed(self, realm: int) -> int:
        return self.allowed[realm]

    def allow_malformed(self, realm: int, offset: int) -> None:
        self.allowed[realm] = offset


class World:
    """A settle query with a fake ledger, and the reasons for halting that the query has published."""

    def __init__(self) -> None:
        self.ledger = FakeLedger()
        self.published: dict[int, str] = {}
        self.progress = Progress(REALMS, self.published.__setitem__)
        self.progress.begin({})
        self.query = SettleQuery(None, SETTINGS, self.ledger, self.progress)  # type: ignore[arg-type]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def quarantined(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """Return a mapping from a realm to its highest offset in quarantine. The test may change the mapping."""
    offsets = dict.fromkeys(range(REALMS), -1)
    monkeypatch.setattr(settle, "landed_offsets", lambda *_: offsets)
    return offsets


def rows_of(realm: int, count: int, first: int = 0) -> list[Row]:
    return [
        Row(partition=realm, offset=first + n, at_ms=AT_MS, value=encode(CLAIM.model_copy(update={"realm": realm})))
        for n in range(count)
    ]


def set_bounds(monkeypatch: pytest.MonkeyPatch, begin: int, end: int) -> None:
    bounds = dict.fromkeys(range(REALMS), begin), dict.fromkeys(range(REALMS), end)
    monkeypatch.setattr(settle, "offset_bounds", lambda _settings: bounds)


def test_event_is_encoded_with_offset_and_time() -> None:
    record = json.loads(to_settle_record(encode(CLAIM), 0, 7, AT_MS))
    assert (record["offset"], record["at"], record["type"], record["id"]) == (7, AT_MS, "gold_claimed", CLAIM.id)


@pytest.mark.parametrize("value", [None, b"", b"garbage", encode(CLAIM) + b" " * MAX_BYTES])
def test_malformed_value_only_moves_the_offset(value: bytes | None) -> None:
    assert json.loads(to_settle_record(value, 0, 7, AT_MS)) == {"offset": 7, "type": "-malformed"}


def test_event_of_another_realm_is_malformed() -> None:
    assert json.loads(to_settle_record(encode(CLAIM), 1, 7, AT_MS))["type"] == "-malformed"


def test_rows_are_passed_in_chunks() -> None:
    calls: list[list[str]] = []

    def record_call(records: list[str]) -> int:
        calls.append(records)
        return len(records)

    settle_rows(record_call, rows_of(0, 2 * CHUNK + 1))
    assert [len(records) for records in calls] == [CHUNK, CHUNK, 1]
    offsets = [json.loads(record)["offset"] for records in calls for record in records]
    assert offsets == list(range(2 * CHUNK + 1))


def test_rows_are_split_by_realm_in_order() -> None:
    parts = list(by_realm([*rows_of(1, 2), *rows_of(0, 1)]))
    assert [(realm, [row.offset for row in rows]) for realm, rows in parts] == [(1, [0, 1]), (0, [0])]


def test_batch_settles_every_realm(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "collect_rows", lambda rows: rows)
    world.query.settle_batch([*rows_of(0, 2), *rows_of(1, 1, first=5)], 0)  # type: ignore[arg-type]
    assert sorted(world.ledger.calls) == [(0, [0, 1]), (1, [5])]
    assert world.ledger.limits == {SETTINGS.malformed_limit}


@pytest.mark.parametrize(("limit", "caught_up"), [(2, False), (3, True)])
def test_full_batch_means_more_may_wait(
    world: World, monkeypatch: pytest.MonkeyPatch, limit: int, caught_up: bool
) -> None:
    monkeypatch.setattr(settle, "collect_rows", lambda rows: rows)
    monkeypatch.setattr(settle, "MAX_RECORDS_A_BATCH", limit)
    world.query.settle_batch(rows_of(0, 2), 0)  # type: ignore[arg-type]
    assert world.progress._caught_up.is_set() is caught_up


def test_error_of_redis_ends_the_query(world: World) -> None:
    world.ledger.error = ConnectionError("gone")
    with pytest.raises(ConnectionError):
        world.query.settle_realm(0, rows_of(0, 1))
    assert not world.progress.is_halted(0)


def test_rebuild_halts_its_realm_until_it_ends(world: World) -> None:
    world.ledger.error = Rebuilding(0)
    world.ledger.rebuilding = {0}
    world.query.settle_realm(0, rows_of(0, 1))
    assert "is being rebuilt" in world.published[0]
    world.ledger.error = None
    for realm in range(REALMS):
        world.query.settle_realm(realm, rows_of(realm, 1))
    assert world.ledger.calls == [(1, [0])]
    assert not world.progress.halt_cleared()
    world.ledger.rebuilding = set()
    assert world.progress.halt_cleared()


@pytest.mark.usefixtures("quarantined")
def test_too_many_malformed_halt_until_accepted(world: World) -> None:
    world.ledger.error = TooManyMalformed(0, 4, 9)
    world.query.settle_realm(0, rows_of(0, 1))
    assert "4 malformed records in a row up to offset 9" in world.published[0]
    assert not world.progress.halt_cleared()
    world.ledger.allow_malformed(0, 9)
    assert world.progress.halt_cleared()


def test_records_in_quarantine_are_accepted_again(world: World, quarantined: dict[int, int]) -> None:
    quarantined[0] = 12
    world.ledger.error = TooManyMalformed(0, 4, 9)
    world.query.settle_realm(0, rows_of(0, 1))
    assert world.ledger.allowed[0] == 12
    assert world.ledger.calls == [(0, [0])]
    assert not world.progress.is_halted(0)


def test_unreachable_hdfs_accepts_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise PySparkException("no HDFS")

    monkeypatch.setattr(settle, "landed_offsets", fail)
    world.ledger.error = TooManyMalformed(0, 4, 9)
    world.query.settle_realm(0, rows_of(0, 1))
    assert world.progress.is_halted(0)
    assert world.ledger.allowed[0] == -1


def test_start_continues_after_the_settled_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    set_bounds(monkeypatch, 0, 10)
    ledger = FakeLedger()
    ledger.settled = {0: 6, 1: -1}
    assert start_offsets(ledger, SETTINGS) == ({0: 7, 1: 0}, {})  # type: ignore[arg-type]


@pytest.mark.parametrize(("begin", "end"), [(8, 10), (0, 6)], ids=["log begins later", "log ends earlier"])
def test_start_halts_a_realm_whose_record_is_missing(monkeypatch: pytest.MonkeyPatch, begin: int, end: int) -> None:
    set_bounds(monkeypatch, begin, end)
    ledger = FakeLedger()
    ledger.settled = {0: 6, 1: 6}
    starts, halted = start_offsets(ledger, SETTINGS)  # type: ignore[arg-type]
    assert starts == {0: LATEST, 1: LATEST}
    assert "record 7 is due" in halted[0].reason
    assert not halted[0].is_over()
    set_bounds(monkeypatch, 0, 10)
    assert halted[0].is_over()


def test_start_leaves_out_a_rebuilding_realm(monkeypatch: pytest.MonkeyPatch) -> None:
    set_bounds(monkeypatch, 0, 10)
    ledger = FakeLedger()
    ledger.rebuilding = {1}
    starts, halted = start_offsets(ledger, SETTINGS)  # type: ignore[arg-type]
    assert starts == {0: 0, 1: LATEST}
    assert list(halted) == [1]


def test_start_publishes_halts_and_reads_from_the_offsets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_bounds(monkeypatch, 0, 10)
    world.ledger.rebuilding = {1}
    started: dict[str, Any] = {}

    class Stream:
        """A stand-in for the builder with which Spark starts a streaming query."""

        writeStream = property(lambda self: self)  # noqa: N815 - Spark uses this name

        def queryName(self, name: str) -> "Stream":  # noqa: N802 - Spark's name
            started["name"] = name
            return self

        def foreachBatch(self, function: Callable[..., None]) -> "Stream":  # noqa: N802 - Spark's name
            started["function"] = function
            return self

        def option(self, name: str, value: str) -> "Stream":
            started[name] = value
            return self

        def start(self) -> SimpleNamespace:
            return SimpleNamespace(**started)

    def read_topic(_spark: object, _settings: object, starts: dict[int, int], _limit: int) -> Stream:
        started["starts"] = starts
        return Stream()

    monkeypatch.setattr(settle, "read_topic", read_topic)
    query: Any = world.query.start("file:///checkpoint")
    assert query.starts == {0: 0, 1: LATEST}
    assert (query.name, query.checkpointLocation) == ("settle", "file:///checkpoint")
    assert query.function == world.query.settle_batch
    assert world.published[0] == ""
    assert "is being rebuilt" in world.published[1]
