"""Reads the topic from given offsets, with one Spark task for each realm."""

import json
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession

from infra.settings import Settings

LATEST = -1  # given instead of an offset, it means to read only records that arrive from now on


def read_topic(
    spark: SparkSession, settings: Settings, start: Mapping[int, int], max_records_a_batch: int
) -> DataFrame:
    """Return a stream of the records from each realm's offset in ``start`` on.

    The query fails if Kafka no longer has the record at such an offset.
    """
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", settings.kafka)
        .option("subscribe", settings.topic)
        .option("startingOffsets", json.dumps({settings.topic: {str(n): offset for n, offset in start.items()}}))
        .option("maxOffsetsPerTrigger", max_records_a_batch)
        .option("failOnDataLoss", "true")
        # Kafka holds a fetch up to this time if there are no records. The next fetch starts only after that, so the
        # default would delay records by up to 500 ms.
        .option("kafka.fetch.max.wait.ms", 10)
        .load()
    )
