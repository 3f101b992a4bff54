"""Reading the topic from given offsets, one Spark task a realm."""

import json
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession

from infra.settings import Settings

LATEST = -1  # in place of an offset: only what comes from now on


def read_topic(
    spark: SparkSession, settings: Settings, start: Mapping[int, int], max_records_a_batch: int
) -> DataFrame:
    """A stream of the topic's records from the offset ``start`` of each realm. It fails if Kafka no longer has it."""
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", settings.kafka)
        .option("subscribe", settings.topic)
        .option("startingOffsets", json.dumps({settings.topic: {str(n): offset for n, offset in start.items()}}))
        .option("maxOffsetsPerTrigger", max_records_a_batch)
        .option("failOnDataLoss", "true")
        # How long a fetch may wait for records. A new one waits for the last one's end, so the default adds 500 ms.
        .option("kafka.fetch.max.wait.ms", 10)
        .load()
    )
