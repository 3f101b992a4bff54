"""Write a simulated world into the log: each realm into its own partition, with one process per core."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized, SynchronizedArray

from game.events import encode
from infra.kafka.clients import open_producer
from infra.settings import Settings
from load.simulation.simulator import RealmSimulator, SimulationResult
from load.simulation.world_spec import WorldSpec

POLL_SECONDS = 1.0  # time between two progress reports; a person who watches needs no more

_CHECK_EVERY = 500  # number of records between two checks whether to stop; a check takes longer than writing a record
_BATCH_BYTES = 512 * 1024  # batches are large, because throughput matters here and latency does not
_LINGER_MS = 100
# If the broker has not taken a record after this time, the backfill fails. The time is long, because other programs may
# keep the broker busy.
_TIMEOUT_MS = 120_000

# Each process sets these two variables when it starts: the number of written records by realm, and a flag to stop.
_written: "SynchronizedArray[int]"
_stop: "Synchronized[int]"


class BackfillFailed(Exception):
    """The log did not accept all records. The accepted records form a world that ends in the middle."""


@dataclass(frozen=True)
class WriteTask:
    """The task to write one realm, for one process."""

    settings: Settings
    spec: WorldSpec
    realm: int
    generation: int


@dataclass(frozen=True)
class WriteResult:
    """Counts of the written records of one realm, and its players.

    Each element of ``players`` has the player's name, the persona, the number of sessions, whether the player churned,
    and whether the player deleted the account.
    """

    realm: int
    result: SimulationResult
    players: Sequence[tuple[str, str, int, bool, bool]]


def write_all(tasks: Sequence[WriteTask], report: Callable[[int], None]) -> list[WriteResult]:
    """Write all realms, and return one result per realm.

    The function calls ``report`` with the number of written records every POLL_SECONDS. ``report`` may raise an
    exception to stop the writing. Raises BackfillFailed, kafka.errors.KafkaError, or the exception from ``report``.
    """
    # Use spawn instead of fork, because a forked process would inherit locks that clients in other threads hold.
    context = multiprocessing.get_context("spawn")
    written, stop = context.Array("q", max(task.realm for task in tasks) + 1), context.Value("b", 0)
    workers = min(len(tasks), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, context, initializer=_initialize, initargs=(written, stop)) as pool:
        futures = [pool.submit(write, task) for task in tasks]
        try:
            while not all(future.done() for future in futures):
                report(sum(written[task.realm] for task in tasks))
                time.sleep(POLL_SECONDS)
                for future in futures:
                    if future.done():
                        future.result()
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise BackfillFailed("a process that writes records was killed") from error
        except BaseException:
            stop.value = 1
            pool.shutdown(cancel_futures=True)
            raise


def _initialize(written: "SynchronizedArray[int]", stop: "Synchronized[int]") -> None:
    global _written, _stop  # the only way to pass shared memory to the processes in a pool
    _written, _stop = written, stop
    # Ctrl-C interrupts all processes in the terminal. Ignore it here, because the parent decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def write(task: WriteTask) -> WriteResult:
    """Simulate one realm and write its records. Raises BackfillFailed or kafka.errors.KafkaError."""
    simulator = RealmSimulator(task.spec, task.realm, task.generation)
    failures: list[BaseException] = []
    producer = open_producer(
        task.settings,
        enable_idempotence=True,  # keeps the order within a partition, and a retry writes no duplicate
        linger_ms=_LINGER_MS,
        batch_size=_BATCH_BYTES,
        max_block_ms=_TIMEOUT_MS,
        delivery_timeout_ms=_TIMEOUT_MS,
    )
    try:
        for count, event in enumerate(simulator.records()):
            if count % _CHECK_EVERY == 0:
                _written[task.realm] = count
                if _stop.value or failures or not _is_parent_alive():
                    raise BackfillFailed(str(failures[0]) if failures else "it was stopped")
            record = {"key": event.player.encode(), "value": encode(event), "partition": task.realm}
            producer.send(task.settings.topic, **record).add_errback(failures.append)
        producer.flush()
    finally:
        producer.close()
    if failures:
        raise BackfillFailed(str(failures[0]))
    _written[task.realm] = simulator.result.records
    players = [(a.name, a.kind, a.sessions, a.churned, a.left_realm) for a in simulator.context.agents]
    return WriteResult(task.realm, simulator.result, players)


def _is_parent_alive() -> bool:
    """Return whether the parent process still runs, because a killed parent cannot set the stop flag."""
    parent = multiprocessing.parent_process()
    return parent is None or parent.is_alive()
