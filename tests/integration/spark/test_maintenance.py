"""Deriving and maintenance of Iceberg tables: mostly in a folder, without servers; once beside the running streams."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from game.events import Event, encode
from infra import metrics
from infra.presto import fetch
from infra.settings import Settings
from stack.instance import Instance
from stack.operations.table_status import _scrape
from state.connection import connect
from state.ledger import Ledger
from streaming.jobs import maintenance
from streaming.jobs.derive import (
    ACTIONS,
    TRANSFERS,
    IncrementalDerivation,
    create_derived_tables,
    max_offsets,
    transfers_of,
)
from streaming.jobs.maintenance import MaintainedTable, TableMaintenance
from streaming.jobs.scheduler import BackgroundJob, JobScheduler, reason_of
from streaming.jobs.summaries import PLAYERS, SESSIONS, create_summary_tables, summarise
from streaming.metrics import stream_metrics
from streaming.queries.land import EVENTS, QUARANTINE, create_tables, events_of, landed_offsets, parse
from streaming.queries.progress import Progress
from tests.conftest import CATCH_UP_SECONDS, Player, eventually, guildhall, wait_until_caught_up
from tests.integration.spark.test_derive import START, event

REALMS = 2
_KAFKA = "partition int, offset bigint, timestamp timestamp, value binary"


class Books:
    """As much of a ledger as deriving asks for."""

    def __init__(self) -> None:
        self.settled = dict.fromkeys(range(REALMS), 10**6)
        self.rejected: dict[int, list[int]] = {}
        self.closed: set[int] = set()

    def offsets(self, realms: Iterable[int]) -> dict[int, int]:
        return {realm: self.settled[realm] for realm in realms}

    def settled_and_rejected(self, realm: int) -> tuple[int, list[int]] | None:
        return None if realm in self.closed else (self.settled[realm], self.rejected.get(realm, []))


class Lake:
    """The tables in a folder, with a record landed at a time."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings, self.books = spark, settings, Books()
        for table in (EVENTS, QUARANTINE, ACTIONS, TRANSFERS, PLAYERS, SESSIONS):
            spark.sql(f"drop table if exists {table} purge")
        create_tables(spark)
        create_derived_tables(spark)
        create_summary_tables(spark)
        self.derivation = self.new_derivation()
        self._ends = dict.fromkeys(range(REALMS), 0)

    def new_derivation(self) -> IncrementalDerivation:
        """As a new process has it."""
        progress = Progress(REALMS, lambda _realm, _reason: None)
        progress.begin({})
        return IncrementalDerivation(self.spark, self.settings, self.books, progress)  # type: ignore[arg-type]

    def land(self, *events: Event | bytes, realm: int = 0) -> None:
        """One commit."""
        first = self._ends[realm]
        self._ends[realm] += len(events)
        values = [encode(one) if isinstance(one, Event) else one for one in events]
        rows = [(realm, first + n, START, bytearray(value)) for n, value in enumerate(values)]
        parsed = parse(self.spark.createDataFrame(rows, _KAFKA).coalesce(1))
        events_of(parsed, "*").writeTo(EVENTS).append()
        if not all(isinstance(one, Event) for one in events):
            bad = parsed.where("reason is not null").select("realm", "offset", "kafka_time", "value", "reason")
            bad.writeTo(QUARANTINE).append()

    def offsets(self, table: str) -> list[tuple[int, int]]:
        rows = self.spark.table(table).select("realm", "offset").collect()
        return sorted((row.realm, row.offset) for row in rows)

    def files(self, table: str) -> int:
        return self.spark.table(f"{table}.files").count()


def kept(*names: str) -> list[MaintainedTable]:
    """These tables as maintenance keeps them: a round for each takes seconds."""
    return [table for table in maintenance.TABLES if table.name in names]


@pytest.fixture
def lake(spark: SparkSession, lake_settings: Settings) -> Lake:
    return Lake(spark, lake_settings)


def test_deriving_again_adds_nothing_and_goes_on_with_what_is_new(lake: Lake) -> None:
    lake.land(event("a"), event("b"), event("a"))
    lake.land(event("c", realm=1), realm=1)
    assert lake.derivation.run() == 4
    assert lake.derivation.run() == lake.new_derivation().run() - 1 == 0  # the duplicate at the end is looked at again
    assert lake.offsets(ACTIONS) == lake.offsets(TRANSFERS) == [(0, 0), (0, 1), (1, 0)]
    lake.land(event("b"), event("d"), b"no event")
    lake.derivation.run()
    lake.new_derivation().run()
    assert lake.offsets(ACTIONS) == [(0, 0), (0, 1), (0, 4), (1, 0)]
    assert max_offsets(lake.spark, ACTIONS, range(REALMS)) == {0: 4, 1: 0}


def test_only_what_is_settled_is_derived(lake: Lake) -> None:
    lake.land(*(event(name) for name in "abcd"))
    lake.books.settled[0] = 1
    lake.books.rejected = {0: [1, 2]}
    lake.derivation.run()
    assert lake.offsets(ACTIONS) == [(0, 0)]
    lake.books.settled[0] = -1  # a Redis without its data
    lake.derivation.run()
    lake.books.closed = {0}  # it is being rebuilt
    lake.derivation.run()
    assert lake.offsets(ACTIONS) == [(0, 0)]
    lake.books.closed, lake.books.settled[0] = set(), 3
    lake.derivation.run()
    assert lake.offsets(ACTIONS) == [(0, 0), (0, 3)]


def test_a_crash_between_the_two_commits_is_repaired(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_events: DataFrame) -> DataFrame:
        raise PySparkException("killed")

    lake.land(event("a"))
    lake.derivation.run()
    lake.land(event("b"), event("look", "shop_viewed"))
    with monkeypatch.context() as patch:
        patch.setattr("streaming.jobs.derive.transfers_of", crash)
        with pytest.raises(PySparkException):
            lake.derivation.run()
    assert (len(lake.offsets(ACTIONS)), len(lake.offsets(TRANSFERS))) == (3, 1)
    lake.land(event("c"))
    lake.derivation.run()
    assert lake.offsets(ACTIONS) == [(0, n) for n in range(4)]
    assert lake.offsets(TRANSFERS) == [(0, 0), (0, 1), (0, 3)]


def test_a_run_ends_though_something_lands_in_each_step(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    judge, landed = lake.books.settled_and_rejected, []

    def settled_and_rejected(realm: int) -> tuple[int, list[int]] | None:
        if realm == 0:
            assert len(landed) < 4, "it does not end"
            landed.append(f"e{len(landed)}")
            lake.land(event(landed[-1]))
        return judge(realm)

    with monkeypatch.context() as patch:
        patch.setattr(lake.books, "settled_and_rejected", settled_and_rejected)
        assert lake.derivation.run() == 1
    monkeypatch.setattr("streaming.jobs.derive.MAX_RECORDS_A_STEP", 1)
    lake.land(event("a"), event("b"))
    assert lake.derivation.run() == 2  # and a backlog is worked off in one run
    assert lake.offsets(ACTIONS) == [(0, n) for n in range(3)]


def test_nothing_stays_in_memory_after_a_step_though_something_lands_meanwhile(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moves(events: DataFrame) -> DataFrame:
        lake.land(event("meanwhile"))
        return transfers_of(events)

    lake.land(event("a"), event("a"))
    monkeypatch.setattr("streaming.jobs.derive.transfers_of", moves)
    assert lake.derivation.run() == 2
    assert lake.offsets(ACTIONS) == lake.offsets(TRANSFERS) == [(0, 0)]
    # Each entry would be planned anew in every commit of landing, for ever.
    assert lake.spark._jsparkSession.sharedState().cacheManager().isEmpty()


def test_an_id_is_known_in_a_later_step_and_a_fence_too(lake: Lake) -> None:
    for events in (
        [event("a"), event("v", "void")],
        [event("a"), event("v"), event("f", "fence", player="")],
        [event("old"), event("b", generation=4), event("f", "fence", player="")],
        [event("b", generation=4), event("c", generation=4), event("c", generation=7)],
    ):
        lake.land(*events)
        lake.derivation.run()
    assert lake.offsets(ACTIONS) == [(0, 0), (0, 6), (0, 9)]


def test_the_summaries_are_made_anew(lake: Lake) -> None:
    for name in "ab":
        lake.land(event(name))
        lake.derivation.run()
        summarise(lake.spark)
    assert [(row.player, row.gold, row.actions) for row in lake.spark.table(PLAYERS).collect()] == [("ada", 200, 2)]
    assert [(row.session, row.actions) for row in lake.spark.table(SESSIONS).collect()] == [(1, 2)]


def test_small_files_become_one_and_nothing_else_changes(lake: Lake) -> None:
    for n in range(6):
        lake.land(event(f"a{n}"), b"no event")
        lake.derivation.run()
    lake.land(event("r", realm=1), realm=1)
    tables = (EVENTS, QUARANTINE, ACTIONS, TRANSFERS)
    rows = {table: _rows(lake.spark.table(table)) for table in tables}
    landed = {table: landed_offsets(lake.spark, table, REALMS) for table in tables[:2]}
    TableMaintenance(lake.spark, lake.settings, kept(*tables)).run()
    assert {table: _rows(lake.spark.table(table)) for table in tables} == rows
    assert {table: landed_offsets(lake.spark, table, REALMS) for table in tables[:2]} == landed
    assert landed == {EVENTS: {0: 10, 1: 0}, QUARANTINE: {0: 11, 1: -1}}
    assert [lake.files(table) for table in tables] == [2, 1, 1, 1]
    assert _scraped("guildhall_table_files", table="events") == 2
    assert _scraped("guildhall_partition_files", table="events") == 1


def _rows(table: DataFrame) -> list[str]:
    return sorted(table.toJSON().collect())


def _scraped(name: str, /, **labels: str) -> float | None:
    return stream_metrics().registry.get_sample_value(name, labels)


def test_a_few_small_files_are_left_alone(lake: Lake) -> None:
    for n in range(4):
        lake.land(event(f"a{n}"))
    TableMaintenance(lake.spark, lake.settings, kept(EVENTS)).run()
    assert lake.files(EVENTS) == 4


def test_what_fails_for_one_table_does_not_keep_the_others_waiting(lake: Lake) -> None:
    for n in range(5):
        lake.land(event(f"a{n}"))
    with pytest.raises(PySparkException, match="missing"):
        TableMaintenance(lake.spark, lake.settings, [MaintainedTable("lake.guildhall.missing"), *kept(EVENTS)]).run()
    assert lake.files(EVENTS) == 1
    assert _scraped("guildhall_table_files", table="events") == 1


def test_the_reason_of_a_java_error_is_what_java_says(spark: SparkSession) -> None:
    with pytest.raises(Py4JJavaError) as caught:
        spark._jvm.java.util.ArrayDeque().pop()
    assert reason_of(caught.value) == "java.util.NoSuchElementException"
    assert reason_of(redis.ConnectionError("\n gone \n away")) == "gone"


def test_old_snapshots_go_and_the_rows_stay(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "MIN_SNAPSHOTS", 1)
    monkeypatch.setattr(maintenance, "MAX_MANIFESTS", 1)
    for n in range(5):
        lake.land(event(f"a{n}"))
        lake.derivation.run()
    for _ in range(3):
        summarise(lake.spark)
    brief = lake.settings.model_copy(update={"snapshot_seconds": 1e-3})
    rounds = TableMaintenance(lake.spark, brief)
    rounds.run()
    rounds.run()  # what the first round replaced
    for table in (EVENTS, ACTIONS, TRANSFERS, PLAYERS, SESSIONS):
        assert lake.spark.table(f"{table}.snapshots").count() <= 2
        # Nothing on the disk that no snapshot knows.
        known = {row.file_path for row in lake.spark.table(f"{table}.all_data_files").select("file_path").collect()}
        assert len(known) <= 2
    assert len(lake.offsets(EVENTS)) == len(lake.offsets(ACTIONS)) == 5
    assert lake.new_derivation().run() == 0


def test_metadata_files_are_bounded(lake: Lake) -> None:
    most = "write.metadata.previous-versions-max"
    assert lake.spark.sql(f"show tblproperties {EVENTS} ('{most}')").collect()[0].value == "20"
    lake.spark.sql(f"alter table {EVENTS} set tblproperties ('{most}' = '1')")  # which takes fewer commits
    for n in range(3):
        lake.land(event(f"a{n}"))
    assert lake.spark.table(f"{EVENTS}.metadata_log_entries").count() == 2


def test_young_orphans_are_left_alone(lake: Lake) -> None:
    lake.land(event("a"))
    path = lake.spark.table(f"{EVENTS}.files").collect()[0].file_path
    copy = f"{path.rpartition('/')[0]}/under-way.parquet"
    _copy(lake.spark, path, copy)
    TableMaintenance(lake.spark, lake.settings, kept(EVENTS)).run()
    assert _exists(lake.spark, copy)
    with pytest.raises(ValueError, match="orphan_seconds"):
        Settings(orphan_seconds=86400)


def _copy(spark: SparkSession, source: str, target: str) -> None:
    jvm: Any = spark._jvm
    conf = spark._jsc.hadoopConfiguration()
    paths = [jvm.org.apache.hadoop.fs.Path(path) for path in (source, target)]
    files = paths[0].getFileSystem(conf)
    jvm.org.apache.hadoop.fs.FileUtil.copy(files, paths[0], files, paths[1], False, conf)


def _exists(spark: SparkSession, path: str) -> bool:
    jvm: Any = spark._jvm
    found = jvm.org.apache.hadoop.fs.Path(path)
    return bool(found.getFileSystem(spark._jsc.hadoopConfiguration()).exists(found))


class Clock:
    """Goes on when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_job_that_fails_comes_again_and_holds_nobody_up() -> None:
    clock, did = Clock(), []

    def fail() -> None:
        did.append("fail")
        clock.now += 10
        raise redis.ConnectionError("gone")

    progress = Progress(1, lambda _realm, _reason: None)
    progress.begin({})
    jobs = JobScheduler(
        [BackgroundJob("maintenance", 5, fail), BackgroundJob("derive", 60, lambda: did.append("other"))],
        progress,
        clock,
    )
    before = _scraped("guildhall_job_failures_total", name="maintenance")
    jobs.tick()
    jobs.tick()
    assert did == ["fail", "other"]  # a job rests twice as long as it took
    clock.now += 21
    jobs.tick()
    assert did == ["fail", "other", "fail"]
    assert _scraped("guildhall_job_failures_total", name="maintenance") == (before or 0) + 2


def test_a_job_that_took_long_does_not_rest_for_ever() -> None:
    clock, did = Clock(), []

    def work_off() -> None:
        did.append(clock.now)
        clock.now += 300

    progress = Progress(1, lambda _realm, _reason: None)
    progress.begin({})
    jobs = JobScheduler([BackgroundJob("derive", 30, work_off)], progress, clock)
    jobs.tick()
    clock.now += 119
    jobs.tick()
    clock.now += 2
    jobs.tick()
    assert did == [0, 421]


# ---- beside the running streams ------------------------------------------------------------------------------------


@pytest.mark.stack
def test_maintenance_beside_landing_loses_and_doubles_nothing(pipeline: Instance) -> None:
    commits = _metric(pipeline, metrics.MAINTENANCE_ENDED.name)
    # Maintenance runs every few seconds here: this goes on until it has met some commits.
    for _ in range(2):
        _until_maintenance(pipeline, lambda: Player(pipeline, 2))
    wait_until_caught_up(pipeline)
    assert _metric(pipeline, metrics.MAINTENANCE_ENDED.name) > commits
    counts = 'select count(*), count(distinct "offset"), max("offset") + 1 from ('
    counts += 'select "offset" from events where realm = 2 union all select "offset" from quarantine where realm = 2)'
    rows, offsets, end = fetch(pipeline.settings(), counts).rows[0]
    assert rows == offsets == end
    assert guildhall(pipeline, "verify", "--realm", "2").returncode == 0
    assert "most in one partition" in guildhall(pipeline, "status").stdout


def _until_maintenance(instance: Instance, act: Callable[[], object]) -> None:
    before = _metric(instance, metrics.MAINTENANCE_ENDED.name)

    def again() -> bool:
        act()
        return _metric(instance, metrics.MAINTENANCE_ENDED.name) > before

    eventually(again, CATCH_UP_SECONDS)


def _metric(instance: Instance, name: str) -> float:
    return _scrape(instance.settings().streaming_metrics_port)[name].get((), 0.0)


@pytest.mark.stack
def test_the_tables_for_analysts_are_the_books(pipeline: Instance) -> None:
    player = Player(pipeline, 1)
    player.wait_until_settled(player.post("/buy_sword", sword="iron_sword").json()["id"])
    wait_until_caught_up(pipeline)
    ledger = Ledger(connect(pipeline.settings()))
    goal = {realm: found.offset for realm in range(pipeline.realms) if (found := ledger.overview(realm, 1))}
    name = metrics.DERIVED_OFFSET.name
    port = pipeline.settings().streaming_metrics_port
    eventually(lambda: all(_scrape(port)[name].get((str(r),), -1) >= n for r, n in goal.items()), CATCH_UP_SECONDS)
    for realm in range(pipeline.realms):
        kept = ledger.snapshot(realm).balances
        gold = {a.split(":")[1]: n for a, n in kept.items() if a.startswith("player:") and a.endswith(":gold")}
        text = f"select player, gold from players where realm = {realm:d} and gold <> 0"  # noqa: S608
        eventually(lambda text=text, gold=gold: dict(fetch(pipeline.settings(), text).rows) == gold, CATCH_UP_SECONDS)
    columns = "event_type, item, price, gold, event_time, kafka_time"
    rows = fetch(
        pipeline.settings(),
        f"select {columns} from actions where player = '{player.name}' order by 5 desc",  # noqa: S608
    ).rows
    assert rows[0][:4] == ("sword_bought", "iron_sword", 30, 30)
    moments = [datetime.fromisoformat(at).replace(tzinfo=UTC) for at in rows[0][4:]]
    assert abs((moments[0] - datetime.now(UTC)).total_seconds()) < 2 * CATCH_UP_SECONDS
    assert 0 <= (moments[1] - moments[0]).total_seconds() < CATCH_UP_SECONDS
