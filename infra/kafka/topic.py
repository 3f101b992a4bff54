"""The topic of events: one partition a realm."""

from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewPartitions, NewTopic
from kafka.errors import TopicAlreadyExistsError

from infra.kafka.clients import open_client
from infra.settings import Settings

# How long a caller without a bound of its own waits for a broker that is down. kafka-python's 30 s are too long for it.
BOOTSTRAP_MS = 5000

TOPIC_CONFIG = {
    # The broker's clock orders the log: what the ledger forgets after a day must not depend on producers' clocks.
    "message.timestamp.type": "LogAppendTime",
    "retention.ms": str(7 * 24 * 3600 * 1000),  # a week to repair a stream before only the archive has the events
}


def ensure_topic(settings: Settings) -> None:
    """Create the topic, or add partitions for new realms. Raises kafka.errors.KafkaError."""
    admin = open_client(KafkaAdminClient, bootstrap_servers=settings.kafka, bootstrap_timeout_ms=BOOTSTRAP_MS)
    try:
        try:
            admin.create_topics([NewTopic(settings.topic, settings.realms, 1, topic_configs=TOPIC_CONFIG)])
        except TopicAlreadyExistsError:
            if settings.realms > len(end_offsets(settings)):
                admin.create_partitions({settings.topic: NewPartitions(settings.realms)})
    finally:
        admin.close()


def offset_bounds(settings: Settings, timeout_seconds: float | None = None) -> tuple[dict[int, int], dict[int, int]]:
    """Return realm -> the first offset that Kafka still has, and realm -> the offset that the next record will get.

    Connecting and each of two requests take at most ``timeout_seconds``. Without it connecting takes at most
    ``BOOTSTRAP_MS``, and a request as long as kafka-python's default. Raises kafka.errors.KafkaError.
    """
    bounds: dict[str, Any] = {"bootstrap_timeout_ms": BOOTSTRAP_MS}
    if timeout_seconds is not None:
        timeout_ms = int(timeout_seconds * 1000)
        bounds = {"bootstrap_timeout_ms": timeout_ms, "request_timeout_ms": timeout_ms}
    consumer = open_client(KafkaConsumer, bootstrap_servers=settings.kafka, enable_auto_commit=False, **bounds)
    try:
        partitions = [TopicPartition(settings.topic, p) for p in consumer.partitions_for_topic(settings.topic) or ()]
        begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        return ({tp.partition: begins[tp] for tp in partitions}, {tp.partition: ends[tp] for tp in partitions})
    finally:
        consumer.close()


def end_offsets(settings: Settings, timeout_seconds: float | None = None) -> dict[int, int]:
    """Return realm -> the offset that the next record will get; bounds and errors as in ``offset_bounds``."""
    return offset_bounds(settings, timeout_seconds)[1]
