"""Gathers what the checker judges: the log from Kafka, the books from Redis and from Presto.

To be used when every server works again and has caught up: the three are read one after the other, and whatever moves
meanwhile would look like a difference.
"""

import time
from collections.abc import Callable, Iterable, Sequence

from kafka import TopicPartition

from infra.kafka.clients import open_consumer
from infra.settings import Settings
from load.checker.check import Archive, Finding, RealmState, Record, check
from load.checker.model import fold
from load.workload.history import Operation
from state.ledger import Ledger

READ_SECONDS = 120.0  # for the whole log: a run of the checker leaves some ten thousand records, read in a second


def collect(
    settings: Settings, ledger: Ledger, history: Sequence[Operation], archive: Callable[[int, int], Archive]
) -> list[Finding]:
    """Judge a run of all realms. ``archive`` answers a realm's Archive up to an offset, that one included.

    Raises redis.RedisError or kafka.errors.KafkaError if a server does not answer; TimeoutError if Kafka takes too
    long; whatever ``archive`` raises.
    """
    log = read_log(settings)
    books = {}
    for realm, records in log.items():
        asked = {o.event_id for o in history if o.realm == realm and o.event_id}
        books[realm] = read_ledger(ledger, realm, asked | fold(realm, records).statuses.keys())
    return check(history, log, books, {realm: archive(realm, state.offset) for realm, state in books.items()})


def read_log(settings: Settings) -> dict[int, list[Record]]:
    """Every realm's records, from the first that Kafka has to the last of this moment. Raises kafka.errors.KafkaError;
    TimeoutError."""
    consumer = open_consumer(settings)
    try:
        partitions = [TopicPartition(settings.topic, realm) for realm in range(settings.realms)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        log: dict[int, list[Record]] = {realm: [] for realm in range(settings.realms)}
        give_up = time.monotonic() + READ_SECONDS
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            if time.monotonic() > give_up:
                raise TimeoutError(f"Kafka did not give the whole log within {READ_SECONDS:.0f} s")
            for partition, batch in consumer.poll(timeout_ms=500).items():
                log[partition.partition] += [Record(r.offset, r.timestamp, r.value) for r in batch]
        return log
    finally:
        consumer.close()


def read_ledger(ledger: Ledger, realm: int, event_ids: Iterable[str]) -> RealmState:
    """The realm in Redis, with the statuses of these events and of every open hold. Raises redis.RedisError."""
    snapshot = ledger.snapshot(realm)
    ids = sorted({*event_ids, *snapshot.open_holds})
    found = ledger.events([(realm, event_id) for event_id in ids])
    statuses = {event_id: status.status for event_id, status in zip(ids, found, strict=True) if status}
    return RealmState(snapshot.offset, snapshot.balances, snapshot.held, statuses)
