"""Run ``./guildhall scenario``: play a plan with ab, and compare the number of accepted requests with the log."""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from infra.errors import server_errors
from infra.kafka.topic import end_offsets
from infra.terminal import progress_columns
from load.progress import wait_until_landed
from load.scenarios import plots, results
from load.scenarios.ab_runner import AbRunner, Run
from load.scenarios.plan import Plan
from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger


@dataclass(frozen=True)
class ScenarioResult:
    """Counts of a scenario. They are consistent if accepted <= events <= accepted + unknown.

    ``accepted`` counts the requests for a change that got a 2xx response. ``unknown`` counts the requests for a change
    that got no response or a 503. ``events`` counts the events that were added to the log, without view events, voids
    and voided events.
    """

    accepted: int
    unknown: int
    events: int
    folder: Path


def run_scenario(instance: Instance, plan: Plan, name: str, seed: int, console: Console) -> ScenarioResult:
    """Play the plan, and write its results and plots into a new folder.

    Raises OperatorError if ab is missing, the API is not on this machine, or a server is unreachable.
    """
    settings = instance.settings("api")
    out = instance.folder("figures", f"{name}-{seed}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    runner = AbRunner(
        settings.api_url, settings.operator_key.get_secret_value(), plan, instance.folder(*out.parts[-2:], "ab")
    )
    with server_errors():
        before = _count_changes(instance)
        runs = _play(runner, plan, console)
        changes = [run for run in runs if run.step.method != "GET"]
        accepted = sum(run.accepted for run in changes)
        unknown = sum(run.statuses[0] + run.statuses[503] for run in changes)
        events = _count_changes(instance) - before
    rows = results.collect(runs, runner.folder, out)
    facts = {"scenario": name, "seed": seed, "players": len(plan.members), "seconds": plan.seconds}
    results.write_summary(rows, facts | {"accepted": accepted, "unknown": unknown, "events_in_kafka": events}, out)
    title = f"{name}, {len(plan.members):,} players"
    plots.latency(rows, title, out / "latency.png")
    plots.over_time(runs, plan.seconds, title, out / "requests.png")
    console.print(results.table(rows))
    return ScenarioResult(accepted, unknown, events, out)


def _play(runner: AbRunner, plan: Plan, console: Console) -> list[Run]:
    with Progress(*progress_columns(), console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("requests", total=plan.requests)
        return runner.play(lambda run: progress.update(bar, advance=run.step.requests))


def _count_changes(instance: Instance) -> int:
    """Return the number of records in the log, without view events, voids and voided events.

    The function first waits until the log is settled and landed, because the ledger counts a view event only when it
    processes the record.
    """
    ledger, settings = Ledger(connect(instance.settings())), instance.settings()
    ends = end_offsets(settings)
    wait_until_landed(instance, ledger, ends, lambda _stage, offsets: sum(offsets.values()))
    totals = sum((Counter(ledger.totals(realm)) for realm in ends), Counter[str]())
    return sum(ends.values()) - totals["telemetry"] - totals["voided"]
