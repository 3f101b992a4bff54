"""Clients of the broker that leave nothing behind when it does not answer."""

from collections.abc import Callable
from typing import Any

from kafka.net.compat import KafkaNetClient


def opened(kind: Callable[..., Any], **options: Any) -> Any:
    """A ``KafkaConsumer``, a ``KafkaProducer`` or what else ``kind`` is, with these options. Raises what it raises,
    first of all kafka.errors.KafkaError.

    Since version 3.0 kafka-python starts a thread before it looks for the broker. If there is none, nobody can close
    the client, as it was never made: each try would leave a thread and four file descriptors, and a process that tries
    once a second would be out of them in some minutes."""
    made: list[Any] = []

    def client(**config: Any) -> Any:
        made.append(KafkaNetClient(**config))
        return made[-1]

    try:
        return kind(kafka_client=client, **options)
    except BaseException:
        for each in made:
            each.close()
        raise
