"""Creates clients of the broker: the one place that knows how kafka-python must be configured."""

from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.net.compat import KafkaNetClient

from infra.settings import Settings

BOOTSTRAP_TIMEOUT_MS = 5000  # the caller has other work than to wait for a broker that is down


def open_client(kind: Callable[..., Any], **options: Any) -> Any:
    """Create a ``KafkaConsumer`` or ``KafkaAdminClient``, and release its resources if that fails.

    Since version 3.0 of kafka-python, both start a thread before they look for the broker. Without a broker their
    constructor raises, so that no object is left to close: each attempt would leave a thread and four file descriptors,
    and a process that tries once a second would run out of them after some minutes. A producer cleans up by itself.
    Raises kafka.errors.KafkaError.
    """
    created: list[Any] = []

    def create_network_client(**config: Any) -> Any:
        created.append(KafkaNetClient(**config))
        return created[-1]

    try:
        return kind(kafka_client=create_network_client, **options)
    except BaseException:
        for client in created:
            client.close()
        raise


def open_consumer(settings: Settings, **options: Any) -> Any:
    """Create a consumer that commits no offsets, because the streams keep their own. Raises kafka.errors.KafkaError."""
    defaults = {"bootstrap_timeout_ms": BOOTSTRAP_TIMEOUT_MS, "enable_auto_commit": False}
    return open_client(KafkaConsumer, bootstrap_servers=settings.kafka, **defaults | options)


def open_producer(settings: Settings, **options: Any) -> Any:
    """Create a producer that waits for all replicas and never creates a topic.

    The topic is created with its number of partitions and its clock: one that Kafka created by itself would have the
    wrong ones. Raises kafka.errors.KafkaError.
    """
    return KafkaProducer(bootstrap_servers=settings.kafka, acks="all", allow_auto_create_topics=False, **options)
