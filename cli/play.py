"""``./guildhall play``: reads what is asked for, and says in one line what is wrong with it."""

import re
import secrets
from datetime import UTC, date, datetime, timedelta

from rich.console import Console

from infra.errors import StackError
from load.scenarios.plan import SCENARIOS, plan_of
from load.scenarios.run import play
from load.simulation.backfill import History
from load.simulation.world_spec import era
from stack.instance import Instance

_MOST_DAYS = 366
_MOST_PLAYERS = 5000
_NIGHT = timedelta(hours=2)  # a history ends at a midnight that is at least so long ago: its last session may last


def play_history(
    instance: Instance, history: str, players: int | None, events: int, seed: int | None, console: Console
) -> bool:
    """Write a history; answers whether all of it is effective. Raises StackError."""
    days = days_of(history)
    chosen = _seed(seed, console)
    return History(
        instance, era(chosen, start_of(days, datetime.now(UTC)), days, instance.realms, players, events), console
    ).run()


def days_of(history: str) -> int:
    """30d -> 30. Raises StackError."""
    found = re.fullmatch(r"([1-9][0-9]{0,2})d", history)
    if not found or int(found[1]) > _MOST_DAYS:
        raise StackError(f"--history {history}: a number of days from 1d to {_MOST_DAYS}d is needed")
    return int(found[1])


def start_of(days: int, now: datetime) -> date:
    """The first day of a history that ends by now."""
    return (now - _NIGHT).date() - timedelta(days=days)


def _seed(seed: int | None, console: Console) -> int:
    chosen = secrets.randbelow(10**6) if seed is None else seed
    if seed is None:
        console.print(f"Seed {chosen}", highlight=False)
    return chosen


def play_scenario(
    instance: Instance, scenario: str, players: int, seconds: float, seed: int | None, console: Console
) -> bool:
    """Play a scenario by ab; answers whether the log holds what was accepted. Raises StackError."""
    if scenario not in SCENARIOS:
        raise StackError(f"there is no scenario {scenario}: there are {', '.join(SCENARIOS)}")
    if players > _MOST_PLAYERS:
        raise StackError(f"--players {players}: a scenario has at most {_MOST_PLAYERS:,}, as each one sends requests")
    chosen = _seed(seed, console)
    plan = plan_of(scenario, players, seconds, instance.realms, chosen, secrets.token_hex(3))
    console.print(f"{scenario}: {len(plan.steps):,} runs of ab, {plan.requests:,} requests, {seconds:.0f} s")
    played = play(instance, plan, scenario, chosen, console)
    holds = played.accepted <= played.events <= played.accepted + played.unknown
    sign = "[green]the same[/]" if holds else "[red]DIFFERENT[/]"
    unknown = f" and {played.unknown:,} without an answer" if played.unknown else ""
    console.print(f"accepted by the API {played.accepted:,}{unknown}, events in Kafka {played.events:,}: {sign}")
    console.print(f"Figures and plots: {played.folder}", highlight=False, soft_wrap=True)
    return holds
