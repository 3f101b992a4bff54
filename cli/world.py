"""The code of ``./guildhall backfill`` and ``scenario``: check the arguments, run, and print the result."""

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

_MAX_DAYS = 366  # a leap year
_MAX_LIVE_PLAYERS = 5000  # with more, requests queue up on a small machine, and only the queue is measured
_MAX_SESSION = timedelta(hours=2)  # a backfill ends at least this long before now, so that all its sessions have ended


def run_backfill(
    instance: Instance, period: str, players: int | None, events: int, seed: int | None, console: Console
) -> bool:
    """Write the events of past days into the log. Returns whether all events are effective. Raises OperatorError."""
    days = days_of(period)
    chosen_seed = _seed(seed, console)
    spec = world_spec(chosen_seed, start_of(days, datetime.now(UTC)), days, instance.realms, players, events)
    return Backfill(instance, spec, console).run()


def days_of(period: str) -> int:
    """Return the number of days in a text such as 30d.

    Raises OperatorError if the text has another form or the number is more than a year.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,2})d", period)
    if not found or int(found[1]) > _MAX_DAYS:
        raise OperatorError(f"{period} is not a number of days: give 1d to {_MAX_DAYS}d")
    return int(found[1])


def start_of(days: int, now: datetime) -> date:
    """Return the first day of a backfill of ``days`` days, chosen so that all its sessions have ended at ``now``."""
    return (now - _MAX_SESSION).date() - timedelta(days=days)


def _seed(seed: int | None, console: Console) -> int:
    if seed is not None:
        return seed
    random_seed = secrets.randbelow(10**6)
    console.print(f"Seed {random_seed} (--seed {random_seed} repeats this plan)", highlight=False)
    return random_seed


def run_live_scenario(
    instance: Instance, name: str, players: int, seconds: float, seed: int | None, console: Console
) -> bool:
    """Play a scenario with Apache Bench. Returns whether the log has exactly the accepted actions.

    Raises OperatorError.
    """
    if name not in SCENARIOS:
        raise OperatorError(f"there is no scenario {name}: there are {', '.join(SCENARIOS)}")
    if players > _MAX_LIVE_PLAYERS:
        raise OperatorError(f"--players {players:,} is too many: a scenario has at most {_MAX_LIVE_PLAYERS:,} players")
    chosen_seed = _seed(seed, console)
    plan = plan_of(name, players, seconds, instance.realms, chosen_seed, secrets.token_hex(3))
    console.print(f"{name}: {plan.requests:,} requests in {len(plan.steps):,} runs of Apache Bench, {seconds:.0f} s")
    result = run_scenario(instance, plan, name, chosen_seed, console)
    holds = result.accepted <= result.events <= result.accepted + result.unknown
    verdict = "[green]the same[/]" if holds else "[red]DIFFERENT[/]"
    unknown = f" and {result.unknown:,} with unknown outcome" if result.unknown else ""
    console.print(f"Accepted by the API {result.accepted:,}{unknown}, events in Kafka {result.events:,}: {verdict}")
    console.print(f"The measurements and plots are in {result.folder}", highlight=False, soft_wrap=True)
    return holds
