"""Benchmarks of the settle query: ``python -m load.bench.latency --home .guildhall``. No test: it measures.

First the time from the API's 202 (so after the broker's ack) to the moment when the event is settled, at a steady rate
of actions; then the rate at which a backlog is settled that was written while the streams were stopped.
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

POLL_SECONDS = 0.01  # the error of a measured time


@click.command()
@click.option("--home", type=click.Path(path_type=Path, exists=True), default=".guildhall")
@click.option("--rate", default=50, help="Actions a second.")
@click.option("--seconds", default=20, help="For how long.")
@click.option("--backlog", default=200_000, help="Events to settle at once; 0 for none.")
def main(home: Path, rate: int, seconds: int, backlog: int) -> None:
    """Measure a running instance."""
    instance = open_instance(home)
    times = sorted(measure_latency(instance, rate, seconds))
    p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    click.echo(f"ack to settled, {len(times)} actions at {rate}/s: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")
    if backlog:
        click.echo(f"backlog of {backlog:,} events: {measure_backlog(instance, backlog):,.0f} events/s settled")


def measure_latency(instance: Instance, rate: int, seconds: int) -> list[float]:
    """Seconds from 202 to settled, of registrations in all realms."""
    url, connection = instance.settings().api_url, connect(instance.settings())
    mine = threading.local()  # each thread of the pool has a client of its own
    accepted: dict[str, float] = {}  # key of an event's status -> when its 202 came

    def act(i: int) -> None:
        realm = i % instance.realms
        if not hasattr(mine, "guildhall"):
            mine.guildhall = Guildhall(url, operator_key=instance.secrets["operator_key"])
        event_id = mine.guildhall.register(realm)["id"]
        accepted[f"realm:{{{realm}}}:event:{event_id}"] = time.monotonic()

    times: list[float] = []
    begun, submitted, total = time.monotonic(), 0, rate * seconds
    with ThreadPoolExecutor(8) as pool:
        # One look at all open events each time: a poller for each would measure its own load.
        while len(times) < total:
            while submitted < total and time.monotonic() - begun >= submitted / rate:
                pool.submit(act, submitted)
                submitted += 1
            waiting = list(accepted)
            lines = connection.mget(waiting) if waiting else []
            now = time.monotonic()
            times += [
                now - accepted.pop(key)
                for key, line in zip(waiting, lines, strict=True)
                if str(line).startswith("settled")
            ]
            time.sleep(POLL_SECONDS)
    return times


def measure_backlog(instance: Instance, events: int) -> float:
    """Events a second, from the first moved offset to the last, with the land query at work beside it."""
    settings = instance.settings()
    supervisor.call(instance, "stopProcess", "streaming")
    producer = open_producer(settings, linger_ms=20)
    now = datetime.now(UTC)
    transfers = [
        Transfer("house:mint", "player:bench:gold", 30),
        Transfer("house:stock:iron_sword", "player:bench:item:iron_sword", 1),
    ]
    ledger, realms = Ledger(connect(settings)), range(instance.realms)
    generations = [ledger.snapshot(realm).generation for realm in realms]
    for i in range(events):
        event = new_event(
            event_id=str(uuid.uuid4()),
            event_type="benchmark",
            realm=i % instance.realms,
            player="bench",
            at=now,
            generation=generations[i % instance.realms],
            transfers=transfers,
        )
        producer.send(settings.topic, key=b"bench", value=encode(event), partition=i % instance.realms)
    producer.close()
    supervisor.call(instance, "startProcess", "streaming")
    first = sum(ledger.offsets(realms).values())
    while (done := sum(ledger.offsets(realms).values())) == first:
        time.sleep(POLL_SECONDS)
    begun, at_begin = time.monotonic(), done
    goal = sum(r.accepted - 1 for r in realm_progress(instance))
    while (done := sum(ledger.offsets(realms).values())) < goal:
        time.sleep(POLL_SECONDS)
    return (done - at_begin) / (time.monotonic() - begun)


if __name__ == "__main__":
    main()
