"""The topic of events: one partition a realm."""

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewPartitions, NewTopic
from kafka.errors import TopicAlreadyExistsError

from infra.kafka.clients import open_client
from infra.settings import Settings

BOOTSTRAP_MS = 5000  # the caller has other things to do than to wait for a broker that is down

TOPIC_CONFIG = {
    # The broker's clock orders the log: what is forgotten after a day must not depend on producers' clocks.
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


def offset_bounds(settings: Settings) -> tuple[dict[int, int], dict[int, int]]:
    """Realm -> the offset of the first record that Kafka still has, and of the next one to come. Raises
    kafka.errors.KafkaError."""
    consumer = open_client(
        KafkaConsumer,
        bootstrap_servers=settings.kafka,
        bootstrap_timeout_ms=BOOTSTRAP_MS,
        enable_auto_commit=False,
    )
    try:
        partitions = [TopicPartition(settings.topic, p) for p in consumer.partitions_for_topic(settings.topic) or ()]
        begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        return ({tp.partition: begins[tp] for tp in partitions}, {tp.partition: ends[tp] for tp in partitions})
    finally:
        consumer.close()


def end_offsets(settings: Settings) -> dict[int, int]:
    """Realm -> the offset that the next record will get. Raises kafka.errors.KafkaError."""
    return offset_bounds(settings)[1]
