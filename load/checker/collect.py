"""Collect the checker's input: the log from Kafka, and the state of the realms from Redis and from Presto.

Use it only when every server works again and has caught up. Kafka, Redis and Presto are read one after the other, so a
change between two of these reads would look like a difference.
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

# The longest time in which the whole log must be read. A run writes about ten thousand records, which take one second.
READ_SECONDS = 120.0


def collect(
    settings: Settings, ledger: Ledger, history: Sequence[Operation], archive: Callable[[int, int], Archive]
) -> list[Finding]:
    """Collect the state of all realms after a run, check it, and return the findings.

    ``archive(realm, offset)`` must return the realm's state in Presto up to this offset, inclusive.
    Raises redis.RedisError or kafka.errors.KafkaError if a server is unreachable, TimeoutError if Kafka takes too
    long, and whatever ``archive`` raises.
    """
    log = read_log(settings)
    states = {}
    for realm, records in log.items():
        requested = {o.event_id for o in history if o.realm == realm and o.event_id}
        states[realm] = read_ledger(ledger, realm, requested | fold(realm, records).statuses.keys())
    return check(history, log, states, {realm: archive(realm, state.offset) for realm, state in states.items()})


def read_log(settings: Settings) -> dict[int, list[Record]]:
    """Return each realm's records, from the oldest that Kafka still has to the newest at the time of the call.

    Raises kafka.errors.KafkaError, or TimeoutError after READ_SECONDS.
    """
    consumer = open_consumer(settings)
    try:
        partitions = [TopicPartition(settings.topic, realm) for realm in range(settings.realms)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        log: dict[int, list[Record]] = {realm: [] for realm in range(settings.realms)}
        deadline = time.monotonic() + READ_SECONDS
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"Kafka did not return the whole log within {READ_SECONDS:.0f} s")
            for partition, batch in consumer.poll(timeout_ms=500).items():
                log[partition.partition] += [Record(r.offset, r.timestamp, r.value) for r in batch]
        return log
    finally:
        consumer.close()


def read_ledger(ledger: Ledger, realm: int, event_ids: Iterable[str]) -> RealmState:
    """Return the state of the realm in Redis, with the statuses of these events and of every open hold's event.

    Raises redis.RedisError.
    """
    snapshot = ledger.snapshot(realm)
    ids = sorted({*event_ids, *snapshot.open_holds})
    found = ledger.events([(realm, event_id) for event_id in ids])
    statuses = {event_id: status.status for event_id, status in zip(ids, found, strict=True) if status}
    return RealmState(snapshot.offset, snapshot.balances, snapshot.held, statuses)
