"""The topic that holds the events. It has one partition for each realm."""

from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewPartitions, NewTopic
from kafka.errors import TopicAlreadyExistsError

from infra.kafka.clients import open_client
from infra.settings import Settings

# Time for which a caller waits for a broker that is down, unless the caller sets a timeout. kafka-python's default of
# 30 s is too long.
BOOTSTRAP_MS = 5000

TOPIC_CONFIG = {
    # Timestamps come from the broker's clock. They decide which statuses the ledger forgets after a day, so they must
    # not depend on the clocks of producers.
    "message.timestamp.type": "LogAppendTime",
    # A week leaves time to repair a stream. After that, only the archive still has the events.
    "retention.ms": str(7 * 24 * 3600 * 1000),
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

    Connecting takes at most ``timeout_seconds``, and so does each of the two requests. If ``timeout_seconds`` is None,
    connecting takes at most ``BOOTSTRAP_MS``, and each request takes at most the default timeout of kafka-python.
    Raises kafka.errors.KafkaError.
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
    """Return realm -> the offset that the next record will get.

    The time limits and the errors are the same as in ``offset_bounds``.
    """
    return offset_bounds(settings, timeout_seconds)[1]
