"""Measure the settle query: ``python -m load.bench.latency --home .guildhall``.

The first figure is the time from the API's 202 response until the event is settled, at a steady rate of actions. The
API sends the 202 after the broker's acknowledgement. The second figure is how many events per second are settled from a
backlog that was written while streaming was stopped.
"""

import statistics
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import click

from game.accounts import Transfer
from game.events import encode, new_event
from infra.kafka.clients import open_producer
from load.guildhall_client import Guildhall
from stack.instance import Instance, open_instance
from stack.operations.pipeline_status import realm_progress
from stack.servers import supervisor
from state.connection import connect
from state.ledger import Ledger

POLL_SECONDS = 0.01  # time between two polls, which is also the largest error of a measured time
_CLIENT_THREADS = 8  # number of requests at the same time; at 50 actions a second, each request may take 160 ms


@click.command()
@click.option(
    "--home", type=click.Path(path_type=Path, exists=True), default=".guildhall", help="Folder of the instance."
)
@click.option("--rate", default=50, show_default=True, help="Actions a second.")
@click.option("--seconds", default=20, show_default=True, help="Duration.")
@click.option("--backlog", default=200_000, show_default=True, help="Events of the backlog; 0 skips it.")
def main(home: Path, rate: int, seconds: int, backlog: int) -> None:
    """Measure how fast a running instance settles events."""
    instance = open_instance(home)
    times = sorted(measure_latency(instance, rate, seconds))
    p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    click.echo(f"ack to settled, {len(times)} actions at {rate}/s: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")
    if backlog:
        click.echo(f"backlog of {backlog:,} events: {measure_backlog(instance, backlog):,.0f} events/s settled")


def measure_latency(instance: Instance, rate: int, seconds: int) -> list[float]:
    """Register players in all realms, and return the seconds from each 202 until its event was settled."""
    url, connection = instance.settings().api_url, connect(instance.settings())
    local = threading.local()  # each thread in the pool has its own client
    accepted: dict[str, float] = {}  # Redis key of an event's status -> time of the 202

    def register(i: int) -> None:
        realm = i % instance.realms
        if not hasattr(local, "guildhall"):
            local.guildhall = Guildhall(url, operator_key=instance.secrets["operator_key"])
        event_id = local.guildhall.register(realm)["id"]
        accepted[f"realm:{{{realm}}}:event:{event_id}"] = time.monotonic()

    times: list[float] = []
    begun, submitted, total = time.monotonic(), 0, rate * seconds
    with ThreadPoolExecutor(_CLIENT_THREADS) as pool:
        # Poll all pending events with one request. One request per event would load Redis and distort the result.
        while len(times) < total:
            while submitted < total and time.monotonic() - begun >= submitted / rate:
                pool.submit(register, submitted)
                submitted += 1
            pending = list(accepted)
            lines = connection.mget(pending) if pending else []
            now = time.monotonic()
            times += [
                now - accepted.pop(key)
                for key, line in zip(pending, lines, strict=True)
                if str(line).startswith("settled")
            ]
            time.sleep(POLL_SECONDS)
    return times


def measure_backlog(instance: Instance, events: int) -> float:
    """Return how many events of a backlog are settled per second.

    The measurement begins when the first offset moves, and ends when all offsets have reached the end of the log. The
    land query works at the same time.
    """
    ledger, realms = Ledger(connect(instance.settings())), range(instance.realms)
    supervisor.call(instance, "stopProcess", "streaming")
    _write_backlog(instance, ledger, events)
    supervisor.call(instance, "startProcess", "streaming")
    first = sum(ledger.offsets(realms).values())
    while (done := sum(ledger.offsets(realms).values())) == first:
        time.sleep(POLL_SECONDS)
    begun, done_at_begin = time.monotonic(), done
    goal = sum(r.accepted - 1 for r in realm_progress(instance))
    while (done := sum(ledger.offsets(realms).values())) < goal:
        time.sleep(POLL_SECONDS)
    return (done - done_at_begin) / (time.monotonic() - begun)


def _write_backlog(instance: Instance, ledger: Ledger, events: int) -> None:
    """Write events into the realms in turn. Each event has two transfers, like a purchase."""
    settings = instance.settings()
    producer = open_producer(settings, linger_ms=20)
    now = datetime.now(UTC)
    transfers = [
        Transfer("house:mint", "player:bench:gold", 30),
        Transfer("house:stock:iron_sword", "player:bench:item:iron_sword", 1),
    ]
    generations = [ledger.snapshot(realm).generation for realm in range(instance.realms)]
    for i in range(events):
        realm = i % instance.realms
        event = new_event(
            event_id=str(uuid.uuid4()),
            event_type="benchmark",
            realm=realm,
            player="bench",
            at=now,
            generation=generations[realm],
            transfers=transfers,
        )
        producer.send(settings.topic, key=b"bench", value=encode(event), partition=realm)
    producer.close()


if __name__ == "__main__":
    main()
