"""Writes a history into the log: each realm's into its partition, as many at a time as there are cores."""

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

POLL_SECONDS = 1.0  # between two reports of how many records there are

_LOOK_EVERY = 500  # records between two looks at whether to stop
_BATCH_BYTES = 512 * 1024
_LINGER_MS = 100
_PATIENCE_MS = 120_000  # for a broker that others keep busy; then the history is given up

# Set in each process as it starts: records written, by realm, and whether to stop.
_written: "SynchronizedArray[int]"
_stop: "Synchronized[int]"


class BackfillFailed(Exception):
    """The log did not take all records. Those that it took are a world that ends in the middle."""


@dataclass(frozen=True)
class WriteTask:
    """What one process is to write."""

    settings: Settings
    era: WorldSpec
    realm: int
    generation: int


@dataclass(frozen=True)
class WriteResult:
    """What the realm got. ``players`` are what each one was made of and what became of them: name, persona, number of
    sessions, whether they came back no more, and whether they said so."""

    realm: int
    summary: SimulationResult
    players: Sequence[tuple[str, str, int, bool, bool]]


def write_all(orders: Sequence[WriteTask], report: Callable[[int], None]) -> list[WriteResult]:
    """Write all of them. ``report`` is told now and then how many records there are, and may raise what stops it.
    Raises NotWritten or kafka.errors.KafkaError."""
    # Spawned and not forked: a fork would inherit the locks of other threads' clients.
    context = multiprocessing.get_context("spawn")
    written, stop = context.Array("q", max(order.realm for order in orders) + 1), context.Value("b", 0)
    workers = min(len(orders), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(written, stop)) as pool:
        futures = [pool.submit(write, order) for order in orders]
        try:
            while not all(future.done() for future in futures):
                report(sum(written[order.realm] for order in orders))
                time.sleep(POLL_SECONDS)
                for future in futures:
                    if future.done():
                        future.result()
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise BackfillFailed("a process that writes it was killed") from error
        except BaseException:
            stop.value = 1
            pool.shutdown(cancel_futures=True)
            raise


def _begin(written: "SynchronizedArray[int]", stop: "Synchronized[int]") -> None:
    global _written, _stop  # what a pool's processes share can only be handed over like this
    _written, _stop = written, stop
    # The terminal interrupts all processes at once; the parent says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def write(order: WriteTask) -> WriteResult:
    """Write one realm's history. Raises NotWritten or kafka.errors.KafkaError."""
    world = RealmSimulator(order.era, order.realm, order.generation)
    failures: list[BaseException] = []
    producer = open_producer(
        order.settings,
        enable_idempotence=True,  # keeps the order of a partition, and writes nothing twice by itself
        linger_ms=_LINGER_MS,
        batch_size=_BATCH_BYTES,
        max_block_ms=_PATIENCE_MS,
        delivery_timeout_ms=_PATIENCE_MS,
    )
    try:
        for number, event in enumerate(world.records()):
            if number % _LOOK_EVERY == 0:
                _written[order.realm] = number
                if _stop.value or failures or not _is_wanted():
                    raise BackfillFailed(str(failures[0]) if failures else "it was stopped")
            record = {"key": event.player.encode(), "value": encode(event), "partition": order.realm}
            producer.send(order.settings.topic, **record).add_errback(failures.append)
        producer.flush()
    finally:
        producer.close()
    if failures:
        raise BackfillFailed(str(failures[0]))
    _written[order.realm] = world.summary.records
    people = [(a.name, a.kind, a.sessions, a.has_quit, a.is_gone) for a in world.stage.people]
    return WriteResult(order.realm, world.summary, people)


def _is_wanted() -> bool:
    """Whether the process that asked for it is still there: one that was killed has told nobody to stop."""
    parent = multiprocessing.parent_process()
    return parent is None or parent.is_alive()
