"""Reading the topic from given offsets, one Spark task a realm."""

import json
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession

from state.settings import Settings

# Bounds a micro-batch while catching up: a few seconds of work, so that progress is seen and a restart repeats little.
MAX_RECORDS_A_BATCH = 100_000


def read_topic(spark: SparkSession, settings: Settings, start: Mapping[int, int]) -> DataFrame:
    """A stream of the topic's records from the offset ``start`` of each realm. It fails if Kafka no longer has it."""
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", settings.kafka)
        .option("subscribe", settings.topic)
        .option("startingOffsets", json.dumps({settings.topic: {str(n): offset for n, offset in start.items()}}))
        .option("maxOffsetsPerTrigger", MAX_RECORDS_A_BATCH)
        .option("failOnDataLoss", "true")
        .load()
    )
