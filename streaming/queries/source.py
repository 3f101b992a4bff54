"""Reads the topic from given offsets, with one Spark task a realm."""

import json
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession

from infra.settings import Settings

LATEST = -1  # in place of an offset: only records that arrive from now on


def read_topic(
    spark: SparkSession, settings: Settings, start: Mapping[int, int], max_records_a_batch: int
) -> DataFrame:
    """Return a stream of records from each realm's offset in ``start``. The query fails if Kafka no longer has it."""
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", settings.kafka)
        .option("subscribe", settings.topic)
        .option("startingOffsets", json.dumps({settings.topic: {str(n): offset for n, offset in start.items()}}))
        .option("maxOffsetsPerTrigger", max_records_a_batch)
        .option("failOnDataLoss", "true")
        # A fetch waits up to this time for records, and the next one waits for its end: the default adds 500 ms.
        .option("kafka.fetch.max.wait.ms", 10)
        .load()
    )
