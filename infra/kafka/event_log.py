"""The log: appends events to the realm's partition in Kafka."""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError

from game.events import Event, encode
from infra.settings import Settings

# How long a send may wait for metadata or buffer space before anything was sent: the caller holds up other requests.
MAX_BLOCK_SECONDS = 5.0

# A broker that has not answered for so long is left alone for a moment: all requests of a process wait here in turn.
PAUSE_SECONDS = 1.0


class NotAppended(Exception):
    """The record certainly did not reach the log and never will."""


class Log(Protocol):
    """Where accepted events go."""

    def append(self, event: Event, done: Callable[[int | None], None]) -> None:
        """Start to append; must not block for long. ``done`` is called once, from any thread: with the record's offset
        after the broker acknowledged it, or with None when the outcome is unknown. Raises NotAppended, and then
        ``done`` is never called."""

    def ready(self) -> bool:
        """Whether the broker answers and has a partition for every realm."""


class KafkaLog:
    """The topic in Kafka. The producer is made at first use: one that is inherited over a fork times out.

    It is replaced when a delivery has failed, because it may then be dead for ever: kafka-python 3.0 gives up the id of
    an idempotent producer whose record expired after a retry and never asks for another one
    (``TransactionManager.reset_producer_id`` leaves a state in which ``init_producer_id`` does nothing). From then on
    it would neither send nor fail anything.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._made: KafkaProducer | None = None
        self._not_before = 0.0

    def _producer(self) -> KafkaProducer:
        with self._lock:
            if self._made is None:
                if time.monotonic() < self._not_before:
                    raise NotAppended("the broker did not answer a moment ago")
                try:
                    self._made = self._make()
                except KafkaError:
                    self._not_before = time.monotonic() + PAUSE_SECONDS
                    raise
            return self._made

    def _make(self) -> KafkaProducer:
        return KafkaProducer(
            bootstrap_servers=self._settings.kafka,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,  # measured fastest: the sender batches what arrives while a request is under way
            delivery_timeout_ms=int(self._settings.delivery_seconds * 1000),
            request_timeout_ms=int(self._settings.delivery_seconds * 1000 / 3),
            max_block_ms=int(MAX_BLOCK_SECONDS * 1000),
            bootstrap_timeout_ms=int(MAX_BLOCK_SECONDS * 1000),
            reconnect_backoff_max_ms=1000,  # a broker that comes back is found within a second
            allow_auto_create_topics=False,
        )

    def append(self, event: Event, done: Callable[[int | None], None]) -> None:
        try:
            producer = self._producer()
            future = producer.send(
                self._settings.topic, value=encode(event), key=event.player.encode(), partition=event.realm
            )
        except (KafkaError, ValueError, AssertionError) as error:
            raise NotAppended(str(error)) from error

        def failed(_error: object) -> None:
            done(None)
            self._abandon(producer)

        # The offset of a batch is known only with the acknowledgement, so both ends arrive through the future.
        future.add_callback(lambda metadata: done(metadata.offset))
        future.add_errback(failed)

    def _abandon(self, producer: KafkaProducer) -> None:
        with self._lock:
            in_use = producer is self._made
            if in_use:
                self._made = None
        if in_use:
            # Not close(): that first waits for records that such a producer never sends. Whatever it holds now fails.
            producer._sender.force_close()

    def ready(self) -> bool:
        try:
            partitions: Any = self._producer().partitions_for(self._settings.topic)
        except (KafkaError, NotAppended):
            return False
        return set(range(self._settings.realms)) <= set(partitions or ())
