"""The log: appends events to the realm's partition in Kafka."""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from kafka.errors import KafkaError

from game.events import Event, encode
from infra.kafka.clients import open_producer
from infra.settings import Settings

# Limit for metadata and buffer space before anything is sent: the caller holds up other requests meanwhile.
MAX_BLOCK_SECONDS = 5.0

# Pause after a broker did not respond: all requests of a process would wait for the next attempt, one after the other.
PAUSE_SECONDS = 1.0


class NotAppended(Exception):
    """The record certainly did not and never will reach the log."""


class Log(Protocol):
    """The destination of accepted events."""

    def append(self, event: Event, done: Callable[[int | None], None]) -> None:
        """Start to append an event; must not block for long.

        ``done`` is called once, from any thread: with the record's offset after the broker's acknowledgement, or with
        None if the outcome is unknown. Raises NotAppended, and then ``done`` is never called.
        """

    def ready(self) -> bool:
        """Whether the broker responds and has a partition for every realm."""


class KafkaLog:
    """The topic in Kafka. The producer is created at first use, because one that is inherited over a fork times out.

    The producer is replaced when a delivery fails, because it may not recover: kafka-python 3.0 gives up the id of an
    idempotent producer whose record expired after a retry, and never requests another one
    (``TransactionManager.reset_producer_id`` leaves a state in which ``init_producer_id`` does nothing). Such a
    producer neither sends nor fails records.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._current: Any = None
        self._not_before = 0.0

    def append(self, event: Event, done: Callable[[int | None], None]) -> None:
        """Start to append an event; see :class:`Log`."""
        try:
            producer = self._producer()
            future = producer.send(
                self._settings.topic, value=encode(event), key=event.player.encode(), partition=event.realm
            )
        except (KafkaError, ValueError, AssertionError) as error:
            raise NotAppended(str(error)) from error

        def fail(_error: object) -> None:
            done(None)
            self._abandon(producer)

        # The offset is known only with the acknowledgement of a batch, so success and failure come through the future.
        future.add_callback(lambda metadata: done(metadata.offset))
        future.add_errback(fail)

    def ready(self) -> bool:
        """Whether the broker responds and has a partition for every realm."""
        try:
            partitions: Any = self._producer().partitions_for(self._settings.topic)
        except (KafkaError, NotAppended):
            return False
        return set(range(self._settings.realms)) <= set(partitions or ())

    def _producer(self) -> Any:
        with self._lock:
            if self._current is None:
                if time.monotonic() < self._not_before:
                    raise NotAppended("the broker did not respond a moment ago")
                try:
                    self._current = self._create_producer()
                except KafkaError:
                    self._not_before = time.monotonic() + PAUSE_SECONDS
                    raise
            return self._current

    def _create_producer(self) -> Any:
        return open_producer(
            self._settings,
            enable_idempotence=True,
            linger_ms=0,  # measured to be the fastest: the sender batches the records that arrive during a request
            delivery_timeout_ms=int(self._settings.delivery_seconds * 1000),
            request_timeout_ms=int(self._settings.delivery_seconds * 1000 / 3),
            max_block_ms=int(MAX_BLOCK_SECONDS * 1000),
            bootstrap_timeout_ms=int(MAX_BLOCK_SECONDS * 1000),
            reconnect_backoff_max_ms=1000,  # a broker that comes back is found within a second
        )

    def _abandon(self, producer: Any) -> None:
        with self._lock:
            in_use = producer is self._current
            if in_use:
                self._current = None
        if in_use:
            # Not close(): it first waits for records that such a producer never sends. Fail all of its records now.
            producer._sender.force_close()
