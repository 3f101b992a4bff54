"""``./guildhall demo``: play, wait until every event is settled and landed, and compare independent counts."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from game.event_types import EVENT_TYPES
from infra.errors import OperatorError
from infra.paths import ROOT
from infra.presto import fetch
from load.scenarios.smoke_results import Figures, read_figures
from stack.instance import Instance
from stack.operations.pipeline_status import RealmProgress, realm_progress
from stack.servers import lifecycle, supervisor
from stack.servers.status import resident_bytes
from state.connection import connect
from state.ledger import Ledger

CATCH_UP_SECONDS = 300  # landing 10,000 events takes far less, so a longer wait means that something is broken

_SWORDS_SOLD = "select details['sword'] sword, count(*) n from events where event_type = 'sword_bought' group by 1"
_A_BUYER = "select realm, player from events where event_type = 'sword_bought' limit 1"
_GOLD_SPENT = """
select coalesce(sum(t.amount), 0) from events cross join unnest(transfers) as t (debit, credit, amount)
where t.credit = 'house:shop'"""


@dataclass(frozen=True)
class Comparison:
    """A number that was counted independently in several places."""

    name: str
    counts: dict[str, int]

    @property
    def holds(self) -> bool:
        """Return whether all counts are equal."""
        return len(set(self.counts.values())) == 1


def run_demo(instance: Instance, requests: int, concurrency: int, console: Console, *, running: bool = False) -> bool:
    """Install and start the servers, play, and compare the counts. Returns whether all counts are equal.

    With ``running``, the servers already run, and the demo does not start them. Raises OperatorError.
    """
    console.rule("1. Start the servers")
    if running:
        console.print("They run already, each one in its own container.")
    else:
        console.print(f"Redis, Kafka, HDFS, Presto, Spark and the API start with their data in {instance.home}.")
        lifecycle.up(instance, console)
    # Wait until earlier events have passed the pipeline, because they do not belong to the demo. One example is the
    # fences that a start appends.
    _wait_until_caught_up(instance, Console(quiet=True))
    before = realm_progress(instance)
    console.rule("2. Play")
    console.print(
        "Apache Bench sends the requests of many players, who register, claim gold, join guilds and buy swords."
    )
    figures = _play(instance, requests, concurrency)
    console.print(figures.table())
    console.print("Refused requests are expected: players try to buy more than they can pay for.")
    if not running:
        console.print(f"All servers together use {_memory(instance):,} MB of memory.")
    console.rule("3. Wait until every accepted event is settled and landed")
    console.print("Settled events have changed the balances in Redis. Landed events are in the tables on HDFS.")
    caught_up = _wait_until_caught_up(instance, console)
    console.rule("4. Compare the counts")
    comparisons = _compare(instance, before, figures.accepted)
    holds = caught_up and all(comparison.holds for comparison in comparisons)
    _print_comparisons(comparisons, console)
    console.print(
        "[green]All counts are equal: no accepted action was lost or applied twice.[/]"
        if holds
        else "[red]The counts are not equal: ./guildhall status and ./guildhall verify show more.[/]"
    )
    _print_types(instance, console)
    console.rule("5. Look around")
    _print_next_steps(instance, console, running=running)
    return holds


def _play(instance: Instance, requests: int, concurrency: int) -> Figures:
    out = instance.folder("figures", time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    script = [str(ROOT / "load" / "data_generator.sh"), "--url", instance.settings().api_url, "--out", str(out)]
    script += ["--requests", str(requests), "--concurrency", str(concurrency), "--realms", str(instance.realms)]
    environment = os.environ | {"GUILDHALL_VENV_PYTHON": sys.executable}
    environment |= {"GUILDHALL_OPERATOR_KEY": instance.secrets["operator_key"]}
    if subprocess.run(script, check=False, env=environment).returncode:
        raise OperatorError(f"the load generator failed: see the files in {out}")
    return read_figures(out)


def _memory(instance: Instance) -> int:
    return sum(resident_bytes(p["pid"]) for p in supervisor.processes(instance).values()) >> 20


def _wait_until_caught_up(instance: Instance, console: Console) -> bool:
    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    deadline = time.monotonic() + CATCH_UP_SECONDS
    with Progress(*columns, console=console) as progress:
        settled, landed = progress.add_task("settled", total=None), progress.add_task("landed", total=None)
        while time.monotonic() < deadline:
            realms = realm_progress(instance)
            total = sum(r.accepted for r in realms)
            progress.update(settled, total=total, completed=sum(r.settled for r in realms))
            progress.update(landed, total=total, completed=sum(r.landed for r in realms))
            if all(r.is_caught_up for r in realms):
                return True
            time.sleep(0.5)
    console.print(f"[red]The streams did not catch up in {CATCH_UP_SECONDS} s: see ./guildhall logs streaming[/]")
    return False


def _compare(instance: Instance, before: list[RealmProgress], accepted: int) -> list[Comparison]:
    settings = instance.settings()
    after = realm_progress(instance)

    def growth(count: Callable[[RealmProgress], int]) -> int:
        return sum(map(count, after)) - sum(map(count, before))

    ledger = Ledger(connect(settings))
    totals = [ledger.totals(n) for n in range(instance.realms)]
    rows = fetch(settings, "select count(*) from events").rows[0][0]
    gold_in_presto = fetch(settings, _GOLD_SPENT).rows[0][0]
    gold_in_redis = sum(ledger.holdings(n, "house").settled.get("shop", 0) for n in range(instance.realms))
    return [
        Comparison(
            "actions of this demo",
            {
                "accepted by the API": accepted,
                # Leave out telemetry, because an open browser page may send some at any time.
                "events in Kafka": growth(lambda r: r.accepted - r.totals.get("telemetry", 0)),
                "settled in Redis": growth(lambda r: r.settled - r.totals.get("telemetry", 0)),
                "rows in Presto": growth(lambda r: r.events - r.telemetry_events),
            },
        ),
        Comparison(
            "events since the first start",
            {
                "events in Kafka": sum(r.accepted - r.malformed for r in after),
                "settled in Redis": sum(sum(t.values()) - t.get("malformed", 0) for t in totals),
                "rows in Presto": rows,
            },
        ),
        Comparison(
            "gold paid to the shop since the first start", {"by Redis": gold_in_redis, "by Presto": gold_in_presto}
        ),
    ]


def _print_comparisons(comparisons: list[Comparison], console: Console) -> None:
    for comparison in comparisons:
        result = "[green]the same[/]" if comparison.holds else "[red]DIFFERENT[/]"
        console.print(f"{comparison.name}: {result}")
        for place, count in comparison.counts.items():
            console.print(f"  {place:22} {count:>10,}")


def _print_types(instance: Instance, console: Console) -> None:
    rows = fetch(instance.settings(), "select event_type, count(*) from events group by 1 order by 2 desc").rows
    table = Table(title="Events by type, counted by Presto", title_justify="left", box=None, min_width=40)
    table.add_column("event type")
    table.add_column("count", justify="right")
    table.add_column("meaning")
    for name, count in rows:
        table.add_row(name, f"{count:,}", EVENT_TYPES.get(name, ""))
    console.print(table)


def _print_next_steps(instance: Instance, console: Console, *, running: bool) -> None:
    api = instance.settings().api_url
    guildhall = f"./guildhall --home {instance.home}" if instance.home != ROOT / ".guildhall" else "./guildhall"
    guildhall = "docker compose exec api ./guildhall" if running else guildhall
    steps = [("What the shop sells", f"curl {api}/shop")]
    for realm, player in fetch(instance.settings(), _A_BUYER).rows:
        key = f"'realm:{{{realm}}}:player:{player}'"
        steps.append((f"What {player} owns, in Redis", f"{guildhall} redis HGETALL {key}"))
    steps += [
        ("How many swords were sold, in Presto", f'{guildhall} sql "{_SWORDS_SOLD}"'),
        ("The servers and the progress of the pipeline", f"{guildhall} status"),
        ("Compare every balance in Redis with Presto", f"{guildhall} verify"),
        ("Stop the servers; the data stays", "docker compose down" if running else f"{guildhall} down"),
    ]
    lines = [f"Open {api}/ in a browser to play and to watch the pipeline, or type:"]
    for purpose, command in steps:
        # Print the purpose as a shell comment, so that both lines can be pasted into a shell.
        lines += [f"  # {purpose}", f"  {command}"]
    if not running:  # the containers do not publish these ports
        lines += [
            "Pages of the servers:",
            f"  HDFS   http://127.0.0.1:{instance.port('namenode_http')}/jmx",
            f"  Presto http://127.0.0.1:{instance.port('presto')}/v1/info",
            f"  Spark  http://127.0.0.1:{instance.port('spark_ui')}/",
        ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
