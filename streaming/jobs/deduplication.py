"""Finds the effective events among the landed events.

The only inputs are the landed log and the offsets that the ledger rejected. These are the rules:

* A fence opens a generation. The generation's number is the offset of the fence. Before the first fence it is -1.
* A record is stale if its generation is not the current generation of its realm. A stale record has no effect and does
  not use up its id.
* Among the records with the same id that are not stale, the first one wins. The ledger remembers an id for a day of log
  time, and so does this module.
* A void that wins has no transfers, and a rejected event has no effect.
* Telemetry is always effective, because the ledger does not remember the ids of telemetry.

All functions are pure and work on DataFrames with the columns of the table ``events``. ``./guildhall verify`` makes the
same decisions with separate code: SQL in Presto, and its own rule for fences in ``stack.operations.reconcile``. This
repetition is deliberate, because a check cannot find a mistake in code that it shares.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as f

from game.events import FENCE, NO_GENERATION, TELEMETRY, VOID

ID_LIFETIME = "interval 24 hours"  # equals STATUS_LIFETIME in ledger.lua, the time that the ledger remembers an id

_JUDGED = ("realm", "offset", "kafka_time", "event_id", "event_type", "generation")

Fences = Mapping[int, Sequence[int]]  # realm -> offsets of its effective fences, ascending


def effective_events(events: DataFrame, losers: DataFrame, rejected: Iterable[tuple[int, int]]) -> DataFrame:
    """Return the effective events among ``events``.

    The function removes voids and fences, the records in ``losers`` (the result of :func:`superseded`) and the events
    in ``rejected``. ``rejected`` contains pairs of realm and offset.
    """
    decided = events.where(~f.col("event_type").isin(VOID, FENCE))
    return _without(_without(decided, losers), _relation(events, rejected))


def superseded(events: DataFrame, earlier: DataFrame, fences: Fences) -> DataFrame:
    """Return realm and offset of the ``events`` that are stale or whose id was used up by an earlier record.

    ``earlier`` must contain every record that may have used up such an id: all records from the day (ID_LIFETIME)
    before the oldest of ``events``.
    """
    live = (f.col("event_type") == FENCE) | _in_current_generation(fences)
    candidates = events.where(~_is_telemetry()).select(*_JUDGED, live.alias("live"), f.lit(True).alias("is_candidate"))
    same_id = _same_id_records(earlier.where(~_is_telemetry() & live), candidates).select(
        *_JUDGED, f.lit(True).alias("live"), f.lit(False).alias("is_candidate")
    )
    previous = Window.partitionBy("realm", "event_id").orderBy("offset").rowsBetween(Window.unboundedPreceding, -1)
    used_at = f.max(f.when(f.col("live"), f.col("kafka_time"))).over(previous)
    judged = candidates.unionByName(same_id).withColumn("used_at", used_at)
    repeated = f.coalesce(f.col("used_at") >= f.col("kafka_time") - f.expr(ID_LIFETIME), f.lit(False))
    return judged.where(f.col("is_candidate") & (~f.col("live") | repeated)).select("realm", "offset")


def generations(events: DataFrame) -> dict[int, list[int]]:
    """Return, by realm, the offsets of the fences that opened a generation.

    Whether a fence opens a generation may depend on the fences before it, and SQL cannot express this. Fences are few.
    So the fences, and the records that share an id with a fence, are collected and decided here in Python.
    """
    judged = events.select("realm", "offset", "event_id", "event_type", "generation")
    ids = judged.where(f.col("event_type") == FENCE).select("realm", "event_id")
    return _fold_fences(judged.join(f.broadcast(ids), ["realm", "event_id"], "left_semi").collect())


def _fold_fences(rows: Iterable[Row]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    final: set[tuple[int, str]] = set()
    for row in sorted(rows, key=lambda row: (row.realm, row.offset)):
        fences = found.setdefault(row.realm, [])
        generation = fences[-1] if fences else NO_GENERATION
        is_live = row.event_type == FENCE or row.generation == generation
        if not is_live or (row.realm, row.event_id) in final:
            continue
        final.add((row.realm, row.event_id))
        if row.event_type == FENCE:
            fences.append(row.offset)
    return found


def _is_telemetry() -> Column:
    return f.col("event_type").isin(*TELEMETRY) & (f.size("transfers") == 0)


def _in_current_generation(fences: Fences) -> Column:
    """Return a condition that is true for a record whose generation is current at its offset."""
    realm, offset, generation = f.col("realm"), f.col("offset"), f.col("generation")
    fenced = {number: offsets for number, offsets in fences.items() if offsets}
    eras = [~realm.isin(*fenced) & (generation == NO_GENERATION) if fenced else generation == NO_GENERATION]
    for number, offsets in fenced.items():
        for begins, ends in zip([NO_GENERATION, *offsets], [*offsets, None], strict=True):
            within = (realm == number) & (generation == begins) & (offset > begins)
            eras.append(within & (offset < ends) if ends is not None else within)
    return reduce(or_, eras)


def _same_id_records(earlier: DataFrame, candidates: DataFrame) -> DataFrame:
    # Broadcast 64-bit hashes instead of ids, to save memory. Two ids with the same hash do no harm, because the caller
    # compares the ids themselves.
    id_hash = f.xxhash64("realm", "event_id").alias("hash")
    return earlier.withColumn("hash", id_hash).join(f.broadcast(candidates.select(id_hash)), "hash", "left_semi")


def _without(events: DataFrame, others: DataFrame | None) -> DataFrame:
    # ``others`` is small. So broadcast it, because a join without a broadcast would shuffle all events.
    return events if others is None else events.join(f.broadcast(others), ["realm", "offset"], "left_anti")


def _relation(events: DataFrame, pairs: Iterable[tuple[int, int]]) -> DataFrame | None:
    rows = list(pairs)
    # Use one partition. Otherwise Spark would start a task for each core, which is too much for a few numbers.
    return events.sparkSession.createDataFrame(rows, "realm int, offset bigint").coalesce(1) if rows else None
