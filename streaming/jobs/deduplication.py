"""Finds the effective events among the landed ones, from the log alone and the offsets that the ledger rejected.

* A fence opens a generation, whose number is the fence's offset; before the first fence it is -1. A record from another
  generation than its realm's is stale: it has no effect and does not use up its id.
* The first record of an id that is not stale wins. The ledger keeps an id for a day of log time, and so does this.
* A winning void has no transfers, and a rejected event has no effect.
* Telemetry is always effective, because the ledger does not keep its ids.

All functions are pure, on DataFrames with the columns of the table ``events``. ``./guildhall verify`` decides the same
in SQL of its own, in Presto, and ``stack.operations.reconcile`` folds fences by itself. Both are deliberate: the check
would not find a mistake that it shares.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as f

from game.events import FENCE, NO_GENERATION, TELEMETRY, VOID

ID_LIFETIME = "interval 24 hours"  # as long as the ledger keeps a final status: STATUS_LIFETIME in ledger.lua

_JUDGED = ("realm", "offset", "kafka_time", "event_id", "event_type", "generation")

Fences = Mapping[int, Sequence[int]]  # realm -> the offsets of its effective fences, in order


def effective_events(events: DataFrame, losers: DataFrame, rejected: Iterable[tuple[int, int]]) -> DataFrame:
    """Return ``events`` without control events, ``losers`` (see :func:`superseded`) and rejected ones.

    ``rejected`` are pairs of realm and offset.
    """
    decided = events.where(~f.col("event_type").isin(VOID, FENCE))
    return _without(_without(decided, losers), _relation(events, rejected))


def superseded(events: DataFrame, earlier: DataFrame, fences: Fences) -> DataFrame:
    """Return realm and offset of those ``events`` that are stale or whose id an earlier record used up.

    ``earlier`` are the records before ``events`` that may have used up an id: all of the day (ID_LIFETIME) before the
    oldest of ``events``.
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

    Whether a fence opens one may depend on the fences before it, which SQL cannot express. Fences are few, so they and
    the records that share an id with one are folded here.
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
    """Whether a record's generation is the one of its place in the log."""
    realm, offset, generation = f.col("realm"), f.col("offset"), f.col("generation")
    fenced = {number: offsets for number, offsets in fences.items() if offsets}
    eras = [~realm.isin(*fenced) & (generation == NO_GENERATION) if fenced else generation == NO_GENERATION]
    for number, offsets in fenced.items():
        for begins, ends in zip([NO_GENERATION, *offsets], [*offsets, None], strict=True):
            within = (realm == number) & (generation == begins) & (offset > begins)
            eras.append(within & (offset < ends) if ends is not None else within)
    return reduce(or_, eras)


def _same_id_records(earlier: DataFrame, candidates: DataFrame) -> DataFrame:
    # Broadcast 64-bit hashes instead of a day's ids to save memory. Collisions are harmless: ids are compared later.
    id_hash = f.xxhash64("realm", "event_id").alias("hash")
    return earlier.withColumn("hash", id_hash).join(f.broadcast(candidates.select(id_hash)), "hash", "left_semi")


def _without(events: DataFrame, others: DataFrame | None) -> DataFrame:
    # The others are few: broadcast them, so that the events are not shuffled.
    return events if others is None else events.join(f.broadcast(others), ["realm", "offset"], "left_anti")


def _relation(events: DataFrame, pairs: Iterable[tuple[int, int]]) -> DataFrame | None:
    rows = list(pairs)
    # One partition: the default is a task for each core, for a few numbers.
    return events.sparkSession.createDataFrame(rows, "realm int, offset bigint").coalesce(1) if rows else None
