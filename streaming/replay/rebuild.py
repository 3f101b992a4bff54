"""Rebuilds a realm's state from the beginning of the log, with the same settle code as the stream.

During a rebuild the realm is closed, and only the rebuild may settle its records. The rebuild stops at the offset of
the old state, so that the digests of the old and the new state can be compared. If the archive ends beyond that offset,
a rebuild from the archive stops at the end of the archive. Afterwards the stream settles the records that follow, and a
fence opens the realm.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import redis
from kafka import TopicPartition

from infra.kafka.clients import open_consumer
from infra.kafka.topic import offset_bounds
from infra.settings import Settings
from state.digest import digest
from state.ledger import Ledger, LogTruncated
from streaming.queries.settle import CHUNK, to_settle_record

WIPE_KEYS = 2000  # number of keys to delete in one call, which blocks Redis for some milliseconds
POLL_MS = 1000
POLL_RECORDS = 5000  # number of records to settle between two polls: at most a second of work, so that progress shows

# Arguments: the realm and the offset of the old state. Result: the records for the ledger, from offset 0 at least up to
# the offset of the old state.
Records = Callable[[int, int], Iterable[str]]


@dataclass(frozen=True)
class Rebuilt:
    """The result of a rebuild: the offsets and digests of the old and the new state."""

    realm: int
    offset_before: int
    offset_after: int
    before: str
    after: str

    @property
    def differs(self) -> bool:
        """Return whether the old and the new state differ although they have the same offset."""
        return self.offset_before == self.offset_after and self.before != self.after


def rebuild(
    connection: redis.Redis, settings: Settings, realm: int, records: Records, advance: Callable[[int], None]
) -> Rebuilt:
    """Wipe the state of the realm and settle ``records``.

    After each chunk, ``advance`` is called with the number of records settled. If the rebuild is interrupted, the realm
    stays closed until the next rebuild. Raises redis.RedisError if Redis is unreachable. Raises LogTruncated if Kafka
    no longer has the first records, before anything is wiped.
    """
    ledger, token = Ledger(connection, settings), str(uuid.uuid4())
    goal = ledger.begin_rebuild(realm, token)
    source = iter(records(realm, goal))
    try:
        first = list(islice(source, CHUNK))
    except Exception:
        ledger.end_rebuild(realm, token)
        raise
    before = digest(connection, realm)
    while ledger.wipe(realm, token, WIPE_KEYS):
        pass
    # Read the next chunk while Redis settles the previous one, so that Redis and this process work in parallel.
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
    """Return a function that reads records from Kafka.

    Its arguments are the realm, the first and the last offset. It raises LogTruncated if Kafka lacks one of the two.
    """

    def read(realm: int, first: int, last: int) -> Iterator[str]:
        begins, ends = offset_bounds(settings)
        if begins[realm] > first or ends[realm] <= last:
            raise LogTruncated(realm, first, begins[realm], ends[realm])
        consumer = open_consumer(settings, max_partition_fetch_bytes=8 * 1024 * 1024)
        try:
            partition = TopicPartition(settings.topic, realm)
            consumer.assign([partition])
            consumer.seek(partition, first)
            while first <= last:
                for message in consumer.poll(POLL_MS, POLL_RECORDS).get(partition, []):
                    if first <= message.offset <= last:
                        yield to_settle_record(message.value, realm, message.offset, message.timestamp)
                    first = message.offset + 1
        finally:
            consumer.close()

    return read
