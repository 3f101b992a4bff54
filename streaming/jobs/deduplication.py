"""Which of the landed events count: decided from the log alone, but for the offsets that the ledger rejected.

* A fence opens a generation, which is its offset; before the first one it is -1. A record of another generation than
  its realm's is stale: it does nothing, and does not use its id up.
* Of the records of one id that are not stale the first one wins. The ledger remembers an id for a day of log time, and
  so does this.
* A void that wins moves nothing, and neither does what the ledger rejected.
* Telemetry counts always: the ledger does not remember its ids.

Pure functions of DataFrames with the columns of the table ``events``. ``./guildhall verify`` decides the same in SQL of
its own, in Presto, so that one mistake does not stand in both.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as f

from game.events import FENCE, NO_GENERATION, TELEMETRY, VOID

REMEMBERED = "interval 24 hours"

_JUDGED = ("realm", "offset", "kafka_time", "event_id", "event_type", "generation")

Fences = Mapping[int, Sequence[int]]  # realm -> the offsets of its effective fences, in order


def effective(events: DataFrame, earlier: DataFrame, fences: Fences, rejected: Iterable[tuple[int, int]]) -> DataFrame:
    """Those of ``events`` that count. ``earlier`` has what may have used their ids up: all records before them that are
    younger than a day before the oldest of them. ``rejected`` are pairs of realm and offset."""
    return effective_events(events, superseded(events, earlier, fences), rejected)


def effective_events(events: DataFrame, losers: DataFrame, rejected: Iterable[tuple[int, int]]) -> DataFrame:
    """Those of ``events`` that are no control events, no ``losers`` and not rejected."""
    return _without(_without(events.where(~f.col("event_type").isin(VOID, FENCE)), losers), _relation(events, rejected))


def superseded(events: DataFrame, earlier: DataFrame, fences: Fences) -> DataFrame:
    """Realm and offset of those of ``events`` that are stale or whose id was used up before them."""
    live = (f.col("event_type") == FENCE) | _in_current_generation(fences)
    ours = events.where(~_is_telemetry()).select(*_JUDGED, live.alias("live"), f.lit(True).alias("ours"))
    mates = _same_id_records(earlier.where(~_is_telemetry() & live), ours).select(
        *_JUDGED, f.lit(True).alias("live"), f.lit(False).alias("ours")
    )
    previous = Window.partitionBy("realm", "event_id").orderBy("offset").rowsBetween(Window.unboundedPreceding, -1)
    used = f.max(f.when(f.col("live"), f.col("kafka_time"))).over(previous)
    judged = ours.unionByName(mates).withColumn("used", used)
    repeated = f.coalesce(f.col("used") >= f.col("kafka_time") - f.expr(REMEMBERED), f.lit(False))
    return judged.where(f.col("ours") & (~f.col("live") | repeated)).select("realm", "offset")


def generations(rows: Iterable[Row]) -> dict[int, list[int]]:
    """Realm -> the offsets of the fences that opened a generation; ``rows`` are all records that share an id with a
    fence. Whether one does may depend on those before it, which plain SQL cannot say; fences are few."""
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
    """Whether the record was written in the generation in which it stands in the log."""
    realm, offset, generation = f.col("realm"), f.col("offset"), f.col("generation")
    fenced = {number: offsets for number, offsets in fences.items() if offsets}
    eras = [~realm.isin(*fenced) & (generation == NO_GENERATION) if fenced else generation == NO_GENERATION]
    for number, offsets in fenced.items():
        for begins, ends in zip([NO_GENERATION, *offsets], [*offsets, None], strict=True):
            within = (realm == number) & (generation == begins) & (offset > begins)
            eras.append(within & (offset < ends) if ends is not None else within)
    return reduce(or_, eras)


def _same_id_records(earlier: DataFrame, ours: DataFrame) -> DataFrame:
    # A day of ids is much, and the hashes of those that we look for are little. Who has the same hash by chance does no
    # harm, as the ids themselves are compared afterwards.
    looked_for = f.xxhash64("realm", "event_id").alias("hash")
    return earlier.withColumn("hash", looked_for).join(f.broadcast(ours.select(looked_for)), "hash", "left_semi")


def _without(events: DataFrame, others: DataFrame | None) -> DataFrame:
    # They are few: a hash table in each task, so that the events themselves are not shuffled.
    return events if others is None else events.join(f.broadcast(others), ["realm", "offset"], "left_anti")


def _relation(events: DataFrame, pairs: Iterable[tuple[int, int]]) -> DataFrame | None:
    rows = list(pairs)
    # In one part: the default is a task for each core, for a handful of numbers.
    return events.sparkSession.createDataFrame(rows, "realm int, offset bigint").coalesce(1) if rows else None
