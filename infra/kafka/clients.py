"""Clients of the broker that leave nothing behind when it does not answer."""

from collections.abc import Callable
from typing import Any

from kafka.net.compat import KafkaNetClient


def open_client(kind: Callable[..., Any], **options: Any) -> Any:
    """A ``KafkaConsumer`` or ``KafkaAdminClient``, whichever ``kind`` is. Raises kafka.errors.KafkaError.

    Since version 3.0 of kafka-python both start a thread before they look for the broker. If there is none, nobody can
    close the client, as it was never made: each try would leave a thread and four file descriptors, and a process that
    tries once a second would have none left after some minutes. A producer cleans up by itself."""
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
