"""The log. It appends each event to the partition of its realm in Kafka."""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from kafka.errors import KafkaError

from game.events import Event, encode
from infra.kafka.clients import open_producer
from infra.settings import Settings

# Limit for waiting for metadata and buffer space, before anything is sent. It is short because other requests must wait
# for the caller in the meantime.
MAX_BLOCK_SECONDS = 5.0

# After the broker has not responded, the process does not try to connect again for this time. Without this pause, all
# requests of the process would wait for a timeout, one after the other.
PAUSE_SECONDS = 1.0


class NotAppended(Exception):
    """The record is certainly not in the log and will never be."""


class Log(Protocol):
    """The place to which accepted events are appended."""

    def append(self, event: Event, done: Callable[[int | None], None]) -> None:
        """Start to append an event. An implementation must not block for long.

        ``done`` is called exactly once, from any thread. Its argument is the offset of the record after the broker has
        acknowledged the record, or None if the outcome is unknown. Raises NotAppended if the record will certainly not
        reach the log; then ``done`` is never called.
        """

    def ready(self) -> bool:
        """Return whether the broker responds and has a partition for every realm."""


class KafkaLog:
    """The log as a topic in Kafka.

    The producer is created at first use, because a producer that was created before a fork times out in the new
    process. The producer is replaced when a delivery fails, because it may never recover. If a record of an idempotent
    producer expires after a retry, kafka-python 3.0 gives up the producer's id and never requests another one
    (``TransactionManager.reset_producer_id`` leaves a state in which ``init_producer_id`` does nothing). Such a
    producer neither sends its records nor reports that they failed.
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

        # The offset is known only after the broker has acknowledged the batch, so the future reports the outcome.
        future.add_callback(lambda metadata: done(metadata.offset))
        future.add_errback(fail)

    def ready(self) -> bool:
        """Return whether the broker responds and has a partition for every realm."""
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
            # 0 was the fastest in measurements, because the sender already batches records that arrive while it waits
            # for the response to an earlier request.
            linger_ms=0,
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
            # Do not call close(), because it first waits for records that such a producer never sends. This call fails
            # all of its records now.
            producer._sender.force_close()
