"""Creates Kafka clients. Only this module knows how kafka-python must be configured."""

from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.net.compat import KafkaNetClient

from infra.settings import Settings

BOOTSTRAP_TIMEOUT_MS = 5000  # short, because the caller has other work to do while the broker is down


def open_client(kind: Callable[..., Any], **options: Any) -> Any:
    """Create a ``KafkaConsumer`` or ``KafkaAdminClient``, and release its resources if its constructor raises.

    Since version 3.0 of kafka-python, both constructors start a thread before they look for the broker. If the broker
    is down, the constructor raises and leaves no object that could be closed. Without this function, each such attempt
    would leave a thread and four file descriptors behind. A process that tries once a second would run out of file
    descriptors after some minutes. A producer does not need this function, because it cleans up by itself.
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
    """Create a consumer that commits no offsets to Kafka, because the streams store their offsets elsewhere.

    Raises kafka.errors.KafkaError.
    """
    defaults = {"bootstrap_timeout_ms": BOOTSTRAP_TIMEOUT_MS, "enable_auto_commit": False}
    return open_client(KafkaConsumer, bootstrap_servers=settings.kafka, **defaults | options)


def open_producer(settings: Settings, **options: Any) -> Any:
    """Create a producer that waits for all replicas and never creates a topic.

    ``ensure_topic`` creates the topic with the right number of partitions and with the broker's clock for timestamps. A
    topic that Kafka created by itself would have neither. Raises kafka.errors.KafkaError.
    """
    return KafkaProducer(bootstrap_servers=settings.kafka, acks="all", allow_auto_create_topics=False, **options)
