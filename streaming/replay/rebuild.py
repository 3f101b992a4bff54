"""Rebuilding a realm's state from nothing, through the same settle code as the stream.

While it lasts the realm is closed and nobody else may settle it. It stops at the offset where the state was, so that
the digests before and after can be compared, or where the archive ends if the state was older than that; the stream
then goes on from there, and a fence opens the realm.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import redis
from kafka import KafkaConsumer, TopicPartition

from infra.kafka.topic import offset_bounds
from infra.settings import Settings
from state.digest import digest
from state.ledger import Ledger, LogTruncated
from streaming.queries.settle import CHUNK, to_settle_record

WIPED_AT_ONCE = 2000  # keys: some milliseconds in which Redis answers nobody else
POLL_MS = 1000
POLLED_RECORDS = 5000  # a second or less of work, so that progress is seen

# Realm, offset that the state had -> records for the ledger from offset 0 on, at least up to there.
Records = Callable[[int, int], Iterable[str]]


@dataclass(frozen=True)
class Rebuilt:
    """What came of it: offset and digest of the state before and after."""

    realm: int
    offset_before: int
    offset_after: int
    before: str
    after: str

    @property
    def differs(self) -> bool:
        """Whether the state is another one at the same offset."""
        return self.offset_before == self.offset_after and self.before != self.after


def rebuild(
    connection: redis.Redis, settings: Settings, realm: int, records: Records, advance: Callable[[int], None]
) -> Rebuilt:
    """Wipe the realm and settle ``records``. ``advance`` is told how many were settled. If it is
    interrupted, the realm stays closed until it is run again. Raises Lost when the records are not to be had, before
    anything is wiped, and redis.RedisError."""
    ledger, token = Ledger(connection, settings), str(uuid.uuid4())
    goal = ledger.begin_rebuild(realm, token)
    source = iter(records(realm, goal))
    try:
        first = list(islice(source, CHUNK))
    except Exception:
        ledger.end_rebuild(realm, token)
        raise
    before = digest(connection, realm)
    while ledger.wipe(realm, token, WIPED_AT_ONCE):
        pass
    # One chunk is settled while the next one is read: Redis and this process work at the same time.
    with ThreadPoolExecutor(1) as pool:
        waiting: Future[int] | None = None
        for chunk in _chunks(first, source):
            if waiting:
                advance(waiting.result())
            waiting = pool.submit(ledger.settle, realm, chunk, 0, token)
        if waiting:
            advance(waiting.result())
    after, offset = digest(connection, realm), ledger.offsets([realm])[realm]
    ledger.end_rebuild(realm, token)
    return Rebuilt(realm, goal, offset, before, after)


def _chunks(first: list[str], rest: Iterator[str]) -> Iterator[list[str]]:
    chunk = first
    while chunk:
        yield chunk
        chunk = list(islice(rest, CHUNK))


def from_kafka(settings: Settings) -> Callable[[int, int, int], Iterator[str]]:
    """The records of the log from one offset to another. They raise Lost if Kafka no longer has the first one."""

    def read(realm: int, first: int, last: int) -> Iterator[str]:
        begins, ends = offset_bounds(settings)
        if begins[realm] > first or ends[realm] <= last:
            raise LogTruncated(realm, first, begins[realm], ends[realm])
        consumer = KafkaConsumer(
            bootstrap_servers=settings.kafka, enable_auto_commit=False, max_partition_fetch_bytes=8 * 1024 * 1024
        )
        try:
            partition = TopicPartition(settings.topic, realm)
            consumer.assign([partition])
            consumer.seek(partition, first)
            while first <= last:
                for message in consumer.poll(POLL_MS, POLLED_RECORDS).get(partition, []):
                    if first <= message.offset <= last:
                        yield to_settle_record(message.value, realm, message.offset, message.timestamp)
                    first = message.offset + 1
        finally:
            consumer.close()

    return read
