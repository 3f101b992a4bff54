"""Measure the pipeline: counts from four independent sources, the reconciliation of all balances, speed and cost."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import psutil
import redis
import requests
from kafka.errors import KafkaError

from analytics.report import formatting as fmt
from analytics.report.statistics import require
from game.events import FENCE, VOID
from infra import metrics
from infra.errors import OperatorError
from infra.kafka.topic import end_offsets
from infra.presto import fetch
from infra.settings import Settings
from stack.instance import Instance
from stack.operations.reconcile.compare import RealmComparison
from stack.operations.reconcile.run import reconcile_realm, take_snapshot, wait_until_landed
from stack.operations.table_status import derived_offsets
from stack.servers import supervisor
from state.connection import connect
from state.ledger import Ledger

RESPONSE_SECONDS = 10.0  # even a busy server responds within this time; a slower server counts as unreachable
DERIVING_SECONDS = 300.0  # longest wait; the derive job pauses for up to two minutes, and maintenance may run before it
POLL_SECONDS = 2.0  # time between two checks of the tables; short compared with the minutes that deriving may take
LANDING_SECONDS = 120.0  # longest wait; landing commits every five seconds, so after this time it is surely not running

# The sources of the four independent counts. Each source is a column in the comparison.
_WAYS = ["API", "Kafka", "Redis", "Presto"]


@dataclass(frozen=True)
class LiveCounts:
    """Counts that the running game reports about itself, without Presto."""

    kafka: int  # records in the log
    settled: int  # records that Redis has processed
    totals: dict[str, int]  # outcome -> number of records, according to Redis
    types: dict[str, int]  # event type -> number of events, according to the API's status page
    accepted: int  # records in the log, according to the API's status page
    shop: int  # gold in the shop's account in Redis


def live_counts(settings: Settings) -> LiveCounts:
    """Collect the counts from API, Kafka and Redis. Raises OperatorError if one of these servers is unreachable."""
    ledger, realms = Ledger(connect(settings)), range(settings.realms)
    try:
        status = requests.get(f"{settings.api_url}/status", timeout=RESPONSE_SECONDS).json()
        totals, types = _sums([ledger.totals(n) for n in realms]), _sums([r["types"] for r in status["realms"]])
        settled = sum(offset + 1 for offset in ledger.offsets(realms).values())
        shop = sum(ledger.holdings(n, "house").settled.get("shop", 0) for n in realms)
        kafka = sum(end_offsets(settings).values())
    except (requests.RequestException, redis.RedisError, KafkaError) as error:
        raise OperatorError("the API, Kafka or Redis is unreachable") from error
    return LiveCounts(kafka, settled, totals, types, sum(r["accepted"] or 0 for r in status["realms"]), shop)


def wait_until_derived(settings: Settings) -> int:
    """Wait until the tables for analysts contain all records that were settled when this function was called.

    The wait lasts at most ``DERIVING_SECONDS``. Returns the number of records that are still missing afterwards. Raises
    OperatorError if Redis, Presto or the streaming metrics endpoint is unreachable.
    """
    deadline = time.monotonic() + DERIVING_SECONDS
    try:
        goal = Ledger(connect(settings)).offsets(range(settings.realms))
        while True:
            reached = derived_offsets(settings.streaming_metrics_port)
            missing = sum(max(0, offset - reached.get(realm, -1)) for realm, offset in goal.items())
            if (not missing and _summaries_are_newer(settings)) or time.monotonic() > deadline:
                return missing
            time.sleep(POLL_SECONDS)
    except (requests.RequestException, redis.RedisError) as error:
        raise OperatorError("Redis or the streaming metrics endpoint is unreachable") from error


def _summaries_are_newer(settings: Settings) -> bool:
    # The job writes players and sessions after actions and transfers, in another commit. So players and sessions are up
    # to date only if their last commit is newer than the last commit of transfers.
    parts = [f'select max(committed_at) as at from "{table}$snapshots"' for table in ("transfers", "sessions")]  # noqa: S608
    (transfers,), (sessions,) = (fetch(settings, part).rows[0] for part in parts)
    return transfers is None or (sessions is not None and sessions > transfers)


def _sums(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {
        name: sum(part.get(name, 0) for part in parts) for name in sorted({name for part in parts for name in part})
    }


def comparison(
    counts: LiveCounts, records: pd.DataFrame, types: pd.DataFrame, shop_gold: int, *, moving: bool = False
) -> pd.DataFrame:
    """Return one row per figure: its value from each of the four sources, and a verdict.

    A value is None if the source does not know the figure. Set ``moving`` if events were still coming. In this case,
    values may differ only because they were read at different times.
    """
    happened = {name: n for name, n in counts.types.items() if name not in (FENCE, VOID)}
    by_type = dict(zip(types["event_type"].astype(str), types["actions"].astype(int), strict=True))
    landed = int(records["landed"].sum() + records["quarantined"].sum())
    counted = counts.totals.get("settled", 0) + counts.totals.get("telemetry", 0) - counts.types.get(FENCE, 0)
    same_types = sum(happened.get(name, 0) == by_type.get(name, 0) for name in happened.keys() | by_type.keys())
    rows = [
        ("records of the log", counts.accepted, counts.kafka, counts.settled, landed),
        ("events that count", sum(happened.values()), None, counted, int(records["actions"].sum())),
        ("event types whose counts agree", len(happened), None, None, same_types),
        ("gold paid to the shop", None, None, counts.shop, shop_gold),
    ]
    frame = pd.DataFrame(rows, columns=["", *_WAYS], dtype=object)
    differing = "read at different times" if moving else "DIFFERENT"
    frame["verdict"] = ["the same" if len({n for n in row if n is not None}) == 1 else differing
                        for row in frame[_WAYS].itertuples(index=False)]  # fmt: skip
    return frame


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a comparison as text, with a dash where a source does not know the figure."""
    return frame.assign(**{name: ["–" if n is None else f"{n:,}" for n in frame[name]] for name in _WAYS})


def verdicts(settings: Settings) -> list[RealmComparison]:
    """Reconcile every realm as ``./guildhall verify`` does: compare all balances with those that Presto computes.

    Raises OperatorError if a server is unreachable, or if a realm's records do not land within LANDING_SECONDS.
    """
    results = []
    for realm in range(settings.realms):
        snapshot = take_snapshot(settings, realm)
        landed = wait_until_landed(settings, realm, snapshot.offset, time.monotonic() + LANDING_SECONDS)
        results.append(reconcile_realm(settings, realm, snapshot, landed))
    return results


def verdicts_text(results: Sequence[RealmComparison], seconds: float) -> str:
    """Describe the reconciliation in sentences."""
    accounts = sum(len(v.snapshot.balances) for v in results)
    differing = sum(len(v.differences) for v in results)
    findings = [finding for v in results for finding in v.findings]
    events = sum(v.counts.get("events", 0) for v in results)
    text = (
        f"The reconciliation took {seconds:.0f} s. It found no gap in the offsets of {fmt.count(events)} landed "
        f"events, computed {fmt.count(accounts)} balances from them in Presto, and compared each with the balance "
        f"that the game keeps in Redis: {fmt.count(differing)} differ, and the sum of all accounts is "
        f"{sum(v.total for v in results):,}. "
    )
    if all(v.holds for v in results):
        return text + "**Loss: 0.** No accepted event is missing, and none counts twice."
    return text + f"**Redis and Presto differ.** {' '.join(findings)}"


@dataclass(frozen=True)
class Speed:
    """How fast actions are settled, and how many records per second each stage processes.

    ``median`` and ``slow`` are the seconds from the log's acknowledgement until an action is settled. ``settles`` and
    ``lands`` are records per second, counting only the time in which the stage works.
    """

    observed: int  # number of settled records that were measured
    median: float
    slow: float  # 99th percentile
    settles: float
    lands: float


def speed(settings: Settings) -> Speed:
    """Read the metrics that the streams have collected since they were started.

    Raises OperatorError if the streams are unreachable, and InsufficientData if fewer than 100 records are settled.
    """
    try:
        samples = metrics.scrape(
            f"http://{settings.presto_host}:{settings.streaming_metrics_port}/metrics", RESPONSE_SECONDS
        )
    except requests.RequestException as error:
        raise OperatorError("the streaming metrics endpoint is unreachable") from error
    ages = samples.get(f"{metrics.ACK_TO_SETTLED_SECONDS.name}_bucket", {})
    buckets = {float(bound): count for (bound,), count in ages.items()}
    observed = max(buckets.values(), default=0)
    require(observed, "settled records since the streams were started", 100)
    records = samples.get(f"{metrics.BATCH_RECORDS.name}_sum", {})
    seconds = samples.get(f"{metrics.BATCH_SECONDS.name}_sum", {})
    rates = {stage: _ratio(records.get((stage,), 0), seconds.get((stage,), 0)) for stage in ("settle", "land")}
    return Speed(int(observed), quantile(buckets, 0.5), quantile(buckets, 0.99), rates["settle"], rates["land"])


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def quantile(buckets: Mapping[float, float], part: float) -> float:
    """Estimate a quantile from the cumulative counts of a Prometheus histogram (upper bound -> count).

    Values are assumed to be spread evenly within a bucket. Values above the last finite bound count as that bound.
    """
    bounds = sorted(buckets)
    wanted, below, lower = part * buckets[bounds[-1]], 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= wanted:
            if bound == float("inf"):
                return lower
            inside = buckets[bound] - below
            return lower + (bound - lower) * ((wanted - below) / inside if inside else 1.0)
        below, lower = buckets[bound], bound
    return lower


def speed_text(speed: Speed) -> str:
    """Describe the speed in sentences."""
    backlog = (
        " This includes a backlog: a backfill was written faster than it could be settled, and its records waited."
        if speed.slow > 5
        else ""
    )
    return (
        f"{fmt.count(speed.observed)} records were settled since the streams were started. Half of them were part of "
        f"the players' balances within {fmt.seconds(speed.median)} of the log's acknowledgement, 99 of 100 within "
        f"{fmt.seconds(speed.slow)}.{backlog} While they work, settling processes {fmt.count(speed.settles)} records a "
        f"second and landing {fmt.count(speed.lands)}; landed records can be queried at once."
    )


def servers(instance: Instance | None) -> pd.DataFrame:
    """Return the memory and processor time that each server uses.

    Raises OperatorError if the servers do not run on this machine.
    """
    if instance is None or not supervisor.is_running(instance):
        raise OperatorError("the servers do not run on this machine")
    rows = []
    for name, known in supervisor.processes(instance).items():
        try:
            process = psutil.Process(known["pid"])
            family = [process, *process.children(recursive=True)]
            memory = sum(p.memory_info().rss for p in family) / 1e6
            busy = sum(p.cpu_times().user + p.cpu_times().system for p in family)
        except psutil.NoSuchProcess:
            continue
        rows.append((name, memory, busy, (time.time() - known["start"]) / 60))
    return pd.DataFrame(rows, columns=["server", "memory (MB)", "processor time (s)", "up (min)"])


def cost_text(usage: pd.DataFrame, storage: pd.DataFrame, records: int) -> str:
    """Describe in sentences which resources the servers use.

    A reader can multiply these resources by the price of a machine to get the cost.
    """
    require(records, "records", 100)
    busy, memory = usage["processor time (s)"].sum(), usage["memory (MB)"].sum()
    landed, total = storage.loc[storage["table_name"] == "events", "bytes"].sum(), storage["bytes"].sum()
    return (
        f"All servers together use {fmt.size(memory * 1e6)} of memory. Since their start they have used {busy:,.0f} s "
        f"of processor time in total, for {fmt.count(records)} records: {1000 * busy / records:,.1f} ms per record. On "
        f"HDFS an event takes {landed / records:,.0f} bytes, and {total / records:,.0f} with all tables for analysts: "
        f"{fmt.size(total / records * 1e6)} per million."
    )
