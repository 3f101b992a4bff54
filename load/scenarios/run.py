"""``./guildhall play --scenario``: plays a plan by ab and compares what it counts with what is in the log."""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.errors import server_errors
from infra.kafka.topic import end_offsets
from load.progress import wait_until_landed
from load.scenarios import plots, results
from load.scenarios.ab_runner import AbRunner, Run
from load.scenarios.plan import Plan
from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger


@dataclass(frozen=True)
class ScenarioResult:
    """``accepted`` changes by what ab and the client were answered, and ``events`` that came into the log meanwhile,
    without looks and voids. Of ``unknown`` requests nobody was told what became of them."""

    accepted: int
    unknown: int
    events: int
    folder: Path


def run_scenario(instance: Instance, plan: Plan, name: str, seed: int, console: Console) -> ScenarioResult:
    """Play the plan. Raises OperatorError."""
    settings = instance.settings("api")
    out = instance.folder("figures", f"{name}-{seed}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    bench = AbRunner(
        settings.api_url, settings.operator_key.get_secret_value(), plan, instance.folder(*out.parts[-2:], "ab")
    )
    with server_errors():
        before = _count(instance)
        runs = _runs(bench, plan, console)
        changes = [run for run in runs if run.step.method != "GET"]
        accepted = sum(run.accepted for run in changes)
        unknown = sum(run.statuses[0] + run.statuses[503] for run in changes)
        events = _count(instance) - before
    rows = results.collect(runs, bench.folder, out)
    said = {"scenario": name, "seed": seed, "players": len(plan.members), "seconds": plan.seconds}
    results.write_summary(rows, said | {"accepted": accepted, "unknown": unknown, "events_in_kafka": events}, out)
    title = f"{name}, {len(plan.members):,} players"
    plots.latency(rows, title, out / "latency.png")
    plots.over_time(runs, plan.seconds, title, out / "requests.png")
    console.print(results.table(rows))
    return ScenarioResult(accepted, unknown, events, out)


def _runs(bench: AbRunner, plan: Plan, console: Console) -> list[Run]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("requests", total=plan.requests)
        return bench.play(lambda run: progress.update(bar, advance=run.step.number))


def _count(instance: Instance) -> int:
    """How many changes by players the log holds. Waits until it is settled and landed, as only then looks are known."""
    ledger, settings = Ledger(connect(instance.settings())), instance.settings()
    ends = end_offsets(settings)
    wait_until_landed(instance, ledger, ends, lambda _name, offsets: sum(offsets.values()))
    totals = sum((Counter(ledger.totals(realm)) for realm in ends), Counter[str]())
    return sum(ends.values()) - totals["telemetry"] - totals["voided"]
