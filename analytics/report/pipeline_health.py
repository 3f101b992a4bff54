"""The pipeline's own figures: the same counts by several ways, the proof that nothing was lost, speed and cost."""

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
from stack.operations.reconcile import Verdict, reconcile_realm, take_snapshot, wait_until_landed
from stack.operations.table_status import derived_offsets
from stack.servers import supervisor
from state.connection import connect
from state.ledger import Ledger

ANSWER_SECONDS = 10.0
DERIVING_SECONDS = 300.0  # deriving rests for up to two minutes, and maintenance may be at work before it
POLL_SECONDS = 2.0
LANDING_SECONDS = 120.0  # landing commits every five seconds; after so many something stands still


@dataclass(frozen=True)
class LiveCounts:
    """What the running game says of itself, without Presto."""

    kafka: int  # records in the log
    settled: int  # records that Redis is past
    totals: dict[str, int]  # outcome -> records, by Redis
    types: dict[str, int]  # event type -> events, by the API's own status page
    accepted: int  # records in the log, by the API's status page
    shop: int  # gold in the shop's account in Redis


def live_counts(settings: Settings) -> LiveCounts:
    """Ask API, Kafka and Redis. Raises OperatorError if one of them cannot be reached from here."""
    ledger, realms = Ledger(connect(settings)), range(settings.realms)
    try:
        status = requests.get(f"{settings.api_url}/status", timeout=ANSWER_SECONDS).json()
        totals, types = _sums([ledger.totals(n) for n in realms]), _sums([r["types"] for r in status["realms"]])
        settled = sum(offset + 1 for offset in ledger.offsets(realms).values())
        shop = sum(ledger.holdings(n, "house").settled.get("shop", 0) for n in realms)
        kafka = sum(end_offsets(settings).values())
    except (requests.RequestException, redis.RedisError, KafkaError) as error:
        raise OperatorError("the API, Kafka and Redis are asked, and not all of them answer") from error
    return LiveCounts(kafka, settled, totals, types, sum(r["accepted"] or 0 for r in status["realms"]), shop)


def wait_until_derived(settings: Settings) -> int:
    """Return when the tables for analysts tell of all that is settled now, or when it takes too long; answers how many
    records are missing. Raises OperatorError if Redis, Presto or the streams cannot be reached from here."""
    give_up = time.monotonic() + DERIVING_SECONDS
    try:
        goal = Ledger(connect(settings)).offsets(range(settings.realms))
        while True:
            reached = derived_offsets(settings.streaming_metrics_port)
            missing = sum(max(0, offset - reached.get(realm, -1)) for realm, offset in goal.items())
            if (not missing and _summaries_are_newer(settings)) or time.monotonic() > give_up:
                return missing
            time.sleep(POLL_SECONDS)
    except (requests.RequestException, redis.RedisError) as error:
        raise OperatorError("Redis and the streams are asked, and not both of them answer") from error


def _summaries_are_newer(settings: Settings) -> bool:
    # Players and sessions are made after actions and transfers, in another commit.
    parts = [f'select max(committed_at) as at from "{table}$snapshots"' for table in ("transfers", "sessions")]  # noqa: S608
    (transfers,), (sessions,) = (fetch(settings, part).rows[0] for part in parts)
    return transfers is None or (sessions is not None and sessions > transfers)


def _sums(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {
        name: sum(part.get(name, 0) for part in parts) for name in sorted({name for part in parts for name in part})
    }


def comparison(
    side: LiveCounts, records: pd.DataFrame, types: pd.DataFrame, shop_gold: int, *, moving: bool = False
) -> pd.DataFrame:
    """The same figure in a row by all ways that know it, and whether they agree. What differs while the world is
    ``moving`` may only have been counted a moment later."""
    happened = {name: n for name, n in side.types.items() if name not in (FENCE, VOID)}
    by_type = dict(zip(types["event_type"].astype(str), types["actions"].astype(int), strict=True))
    landed = int(records["landed"].sum() + records["quarantined"].sum())
    counted = side.totals.get("settled", 0) + side.totals.get("telemetry", 0) - side.types.get(FENCE, 0)
    same_types = sum(happened.get(name, 0) == by_type.get(name, 0) for name in happened.keys() | by_type.keys())
    rows = [
        ("records of the log", side.accepted, side.kafka, side.settled, landed),
        ("events that count", sum(happened.values()), None, counted, int(records["actions"].sum())),
        ("event types whose counts agree", len(happened), None, None, same_types),
        ("gold paid to the shop", None, None, side.shop, shop_gold),
    ]
    frame = pd.DataFrame(rows, columns=["", "API", "Kafka", "Redis", "Presto"], dtype=object)
    ways = ["API", "Kafka", "Redis", "Presto"]
    differing = "counted a moment apart" if moving else "DIFFERENT"
    frame["verdict"] = ["the same" if len({n for n in row if n is not None}) == 1 else differing
                        for row in frame[ways].itertuples(index=False)]  # fmt: skip
    return frame


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """A comparison as text: who does not know a figure has a dash."""
    numbers = ["API", "Kafka", "Redis", "Presto"]
    return frame.assign(**{name: ["–" if n is None else f"{n:,}" for n in frame[name]] for name in numbers})


def verdicts(settings: Settings) -> list[Verdict]:
    """What ``./guildhall verify`` finds in each realm: Presto works every balance out anew. Raises OperatorError."""
    found = []
    for realm in range(settings.realms):
        snapshot = take_snapshot(settings, realm)
        landed = wait_until_landed(settings, realm, snapshot.offset, time.monotonic() + LANDING_SECONDS)
        found.append(reconcile_realm(settings, realm, snapshot, landed))
    return found


def verdicts_text(found: Sequence[Verdict], seconds: float) -> str:
    """What the audit says, in sentences."""
    accounts = sum(len(v.snapshot.balances) for v in found)
    differing = sum(len(v.differences) for v in found)
    findings = [finding for v in found for finding in v.findings]
    events = sum(v.counts.get("events", 0) for v in found)
    text = (
        f"The audit took {seconds:.0f} s. It found no gap in the offsets of {fmt.count(events)} landed events, "
        "worked "
        f"{fmt.count(accounts)} balances out from them in Presto, and compared each with the balance that the game "
        f"keeps in Redis: {fmt.count(differing)} differ, and all accounts together sum up to "
        f"{sum(v.total for v in found):,}. "
    )
    if all(v.holds for v in found):
        return text + "**Loss: 0.** Nothing that was accepted is missing, and nothing counts twice."
    return text + f"**The books are not right.** {' '.join(findings)}"


@dataclass(frozen=True)
class Speed:
    """Seconds from the log's acknowledgement until an action is settled, and how many records a second each stage gets
    through while it works."""

    observed: int
    median: float
    slow: float  # one in a hundred takes longer
    settles: float
    lands: float


def speed(settings: Settings) -> Speed:
    """From the streams' own metrics, since they were started. Raises OperatorError, or TooLittle."""
    try:
        found = metrics.scrape(
            f"http://{settings.presto_host}:{settings.streaming_metrics_port}/metrics", ANSWER_SECONDS
        )
    except requests.RequestException as error:
        raise OperatorError("the streams do not answer") from error
    ages = found.get(f"{metrics.ACK_TO_SETTLED_SECONDS.name}_bucket", {})
    buckets = {float(bound): count for (bound,), count in ages.items()}
    observed = max(buckets.values(), default=0)
    require(observed, "settled records since the streams were started", 100)
    records = found.get(f"{metrics.BATCH_RECORDS.name}_sum", {})
    seconds = found.get(f"{metrics.BATCH_SECONDS.name}_sum", {})
    rates = {stage: _ratio(records.get((stage,), 0), seconds.get((stage,), 0)) for stage in ("settle", "land")}
    return Speed(int(observed), quantile(buckets, 0.5), quantile(buckets, 0.99), rates["settle"], rates["land"])


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def quantile(buckets: Mapping[float, float], part: float) -> float:
    """The value below which this part lies, from counts of a Prometheus histogram (bound -> how many are not above):
    within a bucket as if they were spread evenly. What lies beyond the last bound counts as this bound."""
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


def speed_text(found: Speed) -> str:
    """How fast it is, in sentences."""
    waiting = (
        " This includes a backlog: a history was written faster than it could be settled, and those records waited "
        "in line."
        if found.slow > 5
        else ""
    )
    return (
        f"Since the streams were started {fmt.count(found.observed)} records were settled. Half of them were part of "
        f"the players' books within {fmt.seconds(found.median)} of the log's acknowledgement, 99 of 100 within "
        f"{fmt.seconds(found.slow)}.{waiting} While they work, settling gets through "
        f"{fmt.count(found.settles)} records a second and landing through {fmt.count(found.lands)}; what has "
        "landed "
        "can be asked for at once."
    )


def servers(instance: Instance | None) -> pd.DataFrame:
    """Memory and processor time of each server. Raises OperatorError if they are not on this machine."""
    if instance is None or not supervisor.is_running(instance):
        raise OperatorError("the servers run elsewhere")
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


def cost_text(found: pd.DataFrame, storage: pd.DataFrame, records: int) -> str:
    """What it takes, in sentences: for a bill, multiply by what a machine costs."""
    require(records, "records", 100)
    busy, memory = found["processor time (s)"].sum(), found["memory (MB)"].sum()
    landed, every = storage.loc[storage["table_name"] == "events", "bytes"].sum(), storage["bytes"].sum()
    return (
        f"All servers together hold {fmt.size(memory * 1e6)} of memory. They have used {busy:,.0f} s of processor "
        "time "
        f"since they were started, everything included, for {fmt.count(records)} records: "
        f"{1000 * busy / records:,.1f} ms for each. On HDFS an event takes {landed / records:,.0f} bytes, and "
        f"{every / records:,.0f} with all tables for analysts: {fmt.size(every / records * 1e6)} for a million."
    )
