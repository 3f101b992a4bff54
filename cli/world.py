"""``backfill`` and ``scenario``: validate the options, run, and print the comparison."""

import re
import secrets
from datetime import UTC, date, datetime, timedelta

from rich.console import Console

from infra.errors import OperatorError
from load.scenarios.plan import SCENARIOS, plan_of
from load.scenarios.run import run_scenario
from load.simulation.backfill import Backfill
from load.simulation.world_spec import world_spec
from stack.instance import Instance

_MAX_DAYS = 366
_MAX_LIVE_PLAYERS = 5000  # each one sends requests: more would only measure the queue of a small machine
_LONGEST_SESSION = timedelta(hours=2)  # a backfill ends at a midnight this long ago, so that its last session has ended


def run_backfill(
    instance: Instance, period: str, players: int | None, events: int, seed: int | None, console: Console
) -> bool:
    """Write the events of past days. Returns whether all of them became effective. Raises OperatorError."""
    days = days_of(period)
    chosen = _seed(seed, console)
    spec = world_spec(chosen, start_of(days, datetime.now(UTC)), days, instance.realms, players, events)
    return Backfill(instance, spec, console).run()


def days_of(period: str) -> int:
    """Parse 30d into 30. Raises OperatorError."""
    found = re.fullmatch(r"([1-9][0-9]{0,2})d", period)
    if not found or int(found[1]) > _MAX_DAYS:
        raise OperatorError(f"{period} is not a number of days from 1d to {_MAX_DAYS}d")
    return int(found[1])


def start_of(days: int, now: datetime) -> date:
    """Return the first day of a backfill of so many days that has ended at ``now``."""
    return (now - _LONGEST_SESSION).date() - timedelta(days=days)


def _seed(seed: int | None, console: Console) -> int:
    chosen = secrets.randbelow(10**6) if seed is None else seed
    if seed is None:
        console.print(f"Seed {chosen}", highlight=False)
    return chosen


def run_live_scenario(
    instance: Instance, name: str, players: int, seconds: float, seed: int | None, console: Console
) -> bool:
    """Play a scenario with ab. Returns whether the log holds exactly what was accepted. Raises OperatorError."""
    if name not in SCENARIOS:
        raise OperatorError(f"there is no scenario {name}: there are {', '.join(SCENARIOS)}")
    if players > _MAX_LIVE_PLAYERS:
        raise OperatorError(f"--players {players}: a scenario has at most {_MAX_LIVE_PLAYERS:,} players")
    chosen = _seed(seed, console)
    plan = plan_of(name, players, seconds, instance.realms, chosen, secrets.token_hex(3))
    console.print(f"{name}: {len(plan.steps):,} runs of ab, {plan.requests:,} requests, {seconds:.0f} s")
    result = run_scenario(instance, plan, name, chosen, console)
    holds = result.accepted <= result.events <= result.accepted + result.unknown
    verdict = "[green]the same[/]" if holds else "[red]DIFFERENT[/]"
    unknown = f" and {result.unknown:,} without a response" if result.unknown else ""
    console.print(f"accepted by the API {result.accepted:,}{unknown}, events in Kafka {result.events:,}: {verdict}")
    console.print(f"Figures and plots: {result.folder}", highlight=False, soft_wrap=True)
    return holds
