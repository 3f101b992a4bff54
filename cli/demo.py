"""The demo: play with Apache Bench, wait until everything is settled and landed, and count it four ways."""

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

CATCH_UP_SECONDS = 300  # far more than landing 10,000 events takes; then something is wrong and the demo says so

_SWORDS = "select details['sword'] sword, count(*) n from events where event_type = 'sword_bought' group by 1"


@dataclass(frozen=True)
class Check:
    """One comparison: the same number by different ways."""

    name: str
    values: dict[str, int]

    @property
    def holds(self) -> bool:
        """Whether all ways give the same number."""
        return len(set(self.values.values())) == 1


def run_demo(instance: Instance, requests: int, concurrency: int, console: Console, *, running: bool = False) -> bool:
    """Set up, start, play and compare; answers whether every comparison holds. Servers that are ``running`` were
    started by somebody else, and are taken as they are. Raises OperatorError."""
    console.rule("1. The servers")
    if running:
        console.print("They run already, each in a container of its own.")
    else:
        lifecycle.up(instance, console)
    # What is on its way already, such as the fences of a start, is not of this demo.
    _wait(instance, Console(quiet=True))
    before = realm_progress(instance)
    console.rule("2. Play")
    figures = _play(instance, requests, concurrency)
    console.print(figures.table())
    if not running:
        console.print(f"All servers together use {_memory(instance):,} MB of memory.")
    console.rule("3. Wait until every accepted event is settled and landed")
    caught_up = _wait(instance, console)
    console.rule("4. The proof")
    checks = _compare(instance, before, figures.accepted)
    _print_checks(checks, console)
    _print_types(instance, console)
    _print_look_around(instance, console, running=running)
    return caught_up and all(check.holds for check in checks)


def _play(instance: Instance, requests: int, concurrency: int) -> Figures:
    out = instance.folder("figures", time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    script = [str(ROOT / "load" / "data_generator.sh"), "--url", instance.settings().api_url, "--out", str(out)]
    script += ["--requests", str(requests), "--concurrency", str(concurrency), "--realms", str(instance.realms)]
    environment = os.environ | {"GUILDHALL_VENV_PYTHON": sys.executable}
    environment |= {"GUILDHALL_OPERATOR_KEY": instance.secrets["operator_key"]}
    if subprocess.run(script, check=False, env=environment).returncode:
        raise OperatorError(f"the load did not run to its end: see {out}")
    return read_figures(out)


def _memory(instance: Instance) -> int:
    return sum(resident_bytes(p["pid"]) for p in supervisor.processes(instance).values()) >> 20


def _wait(instance: Instance, console: Console) -> bool:
    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    give_up = time.monotonic() + CATCH_UP_SECONDS
    with Progress(*columns, console=console) as progress:
        settled, landed = progress.add_task("settled", total=None), progress.add_task("landed", total=None)
        while time.monotonic() < give_up:
            realms = realm_progress(instance)
            total = sum(r.accepted for r in realms)
            progress.update(settled, total=total, completed=sum(r.settled for r in realms))
            progress.update(landed, total=total, completed=sum(r.landed for r in realms))
            if all(r.is_caught_up for r in realms):
                return True
            time.sleep(0.5)
    console.print("[red]The streams did not catch up: see ./guildhall logs streaming[/]")
    return False


def _compare(instance: Instance, before: list[RealmProgress], accepted: int) -> list[Check]:
    after = realm_progress(instance)

    def grown(count: Callable[[RealmProgress], int]) -> int:
        return sum(map(count, after)) - sum(map(count, before))

    ledger = Ledger(connect(instance.settings()))
    totals = [ledger.totals(n) for n in range(instance.realms)]
    rows_ever = fetch(instance.settings(), "select count(*) from events").rows[0][0]
    gold = "select coalesce(sum(t.amount), 0) from events cross join unnest(transfers) as t (debit, credit, amount)"
    spent = fetch(instance.settings(), f"{gold} where t.credit = 'house:shop'").rows[0][0]
    return [
        Check(
            "actions of this demo",
            {
                "accepted by the API": accepted,
                # Without looks: somebody may have the page open, and a look is no action.
                "events in Kafka": grown(lambda r: r.accepted - r.totals.get("telemetry", 0)),
                "settled in Redis": grown(lambda r: r.settled - r.totals.get("telemetry", 0)),
                "rows in Presto": grown(lambda r: r.events - r.telemetry_events),
            },
        ),
        Check(
            "events ever",
            {
                "events in Kafka": sum(r.accepted - r.malformed for r in after),
                "settled in Redis": sum(sum(t.values()) - t.get("malformed", 0) for t in totals),
                "rows in Presto": rows_ever,
            },
        ),
        Check("gold spent ever", {"by Redis": _gold_in_redis(instance), "by Presto": spent}),
    ]


def _gold_in_redis(instance: Instance) -> int:
    ledger = Ledger(connect(instance.settings()))
    return sum(ledger.holdings(n, "house").settled.get("shop", 0) for n in range(instance.realms))


def _print_checks(checks: list[Check], console: Console) -> None:
    for check in checks:
        sign = "[green]the same[/]" if check.holds else "[red]DIFFERENT[/]"
        console.print(f"{check.name}: {sign}")
        for way, value in check.values.items():
            console.print(f"  {way:22} {value:>10,}")


def _print_types(instance: Instance, console: Console) -> None:
    rows = fetch(instance.settings(), "select event_type, count(*) from events group by 1 order by 2 desc").rows
    table = Table(title="Events by type, by Presto", title_justify="left", box=None, min_width=40)
    table.add_column("event_type")
    table.add_column("count", justify="right")
    table.add_column("what it says")
    for name, count in rows:
        table.add_row(name, f"{count:,}", EVENT_TYPES.get(name, ""))
    console.print(table)


def _print_look_around(instance: Instance, console: Console, *, running: bool) -> None:
    console.rule("5. Look around")
    player = fetch(
        instance.settings(), "select realm, player from events where event_type = 'sword_bought' limit 1"
    ).rows
    realm, name = player[0] if player else (0, "nobody")
    guildhall = f"./guildhall --home {instance.home}" if instance.home != ROOT / ".guildhall" else "./guildhall"
    guildhall = "docker compose exec api ./guildhall" if running else guildhall
    lines = [
        f"{instance.settings().api_url}/ in a browser: play, and watch the pipeline",
        f"curl {instance.settings().api_url}/shop",
        f"{guildhall} redis HGETALL 'realm:{{{realm}}}:player:{name}'",
        f'{guildhall} sql "{_SWORDS}"',
        f"{guildhall} status",
        "docker compose down" if running else f"{guildhall} down",
    ]
    for line in lines:
        console.print(f"  {line.strip()}", markup=False, highlight=False, soft_wrap=True)
    if running:
        return  # their ports are not published
    console.print(f"  HDFS http://127.0.0.1:{instance.port('namenode_http')}/jmx", highlight=False)
    console.print(f"  Presto http://127.0.0.1:{instance.port('presto')}/v1/info", highlight=False)
    console.print(f"  Spark http://127.0.0.1:{instance.port('spark_ui')}/", highlight=False)
