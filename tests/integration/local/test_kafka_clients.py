"""Test Kafka clients whose broker is unreachable."""

import gc
import logging
import os
import socket
import threading

import pytest
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import KafkaError

from infra.kafka.clients import open_client


@pytest.mark.parametrize("kind", [KafkaConsumer, KafkaAdminClient])
def test_unreachable_broker_leaks_no_thread_or_file(kind: type, caplog) -> None:
    """A leak would grow for as long as the broker is down.

    The streams contact the broker at each scrape, and the API contacts it for each status request.
    """
    # Suppress Kafka's log records, because pytest would keep them and, with them, the connections that they refer to.
    caplog.set_level(logging.CRITICAL, "kafka")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]

        def attempt() -> None:
            with pytest.raises(KafkaError):
                open_client(kind, bootstrap_servers=f"127.0.0.1:{port}", bootstrap_timeout_ms=200)

        attempt()
        before = left()
        for _ in range(3):
            attempt()
        assert left() == before


def left() -> tuple[int, int]:
    """Collect garbage, then return the numbers of threads and open files that this process has."""
    gc.collect()
    return threading.active_count(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only the number of names is needed
