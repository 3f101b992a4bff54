"""Commands that play the game: the demo, a backfill of past days, live scenarios, and faults."""

import sys

import click

from cli.context import console, instance_of
from infra.paths import ROOT
from stack.instance import EXTERNALLY_MANAGED


@click.command()
@click.option("--requests", default=6000, type=click.IntRange(100, 1_000_000), help="Number of requests to play.")
@click.option("--concurrency", default=16, type=click.IntRange(1, 128), help="Number of requests at the same time.")
@click.option("--running", is_flag=True, envvar=EXTERNALLY_MANAGED, help="Use the running servers, start none.")
@click.pass_context
def demo(context: click.Context, requests: int, concurrency: int, running: bool) -> None:
    """Install, start, play, and check that nothing was lost."""
    from cli.demo import run_demo

    sys.exit(0 if run_demo(instance_of(context), requests, concurrency, console, running=running) else 1)


@click.command()
@click.argument("period", metavar="DAYS")
@click.option("--players", type=click.IntRange(2, 100_000), help="Number of players; the default fits the events.")
@click.option("--events", type=click.IntRange(500, 20_000_000), default=1_000_000, help="Number of events.")
@click.option("--seed", type=click.IntRange(0, 2**53), help="Repeat the plan of another run.")
@click.pass_context
def backfill(context: click.Context, period: str, players: int | None, events: int, seed: int | None) -> None:
    """Write the events of simulated past days into the log.

    DAYS is a number of days, such as 30d. The events are marked as generated. Exits with 1 if not every event is
    settled and landed."""
    from cli.world import run_backfill

    sys.exit(0 if run_backfill(instance_of(context), period, players, events, seed, console) else 1)


@click.command()
@click.argument("name")
@click.option("--players", type=click.IntRange(2, 100_000), default=100, help="Number of players.")
@click.option("--minutes", type=click.FloatRange(0.2, 60), default=5.0, help="Duration.")
@click.option("--seed", type=click.IntRange(0, 2**53), help="Repeat the plan of another run.")
@click.pass_context
def scenario(context: click.Context, name: str, players: int, minutes: float, seed: int | None) -> None:
    """Play a scenario against the API with Apache Bench.

    NAME is launch-day, quiet-evening, flash-sale or bot-attack. Exits with 1 if the log does not have exactly the
    accepted actions."""
    from cli.world import run_live_scenario

    sys.exit(0 if run_live_scenario(instance_of(context), name, players, 60 * minutes, seed, console) else 1)


@click.command()
@click.option("--players", default=64, type=click.IntRange(1, 1000), help="Number of players at the same time.")
@click.option("--actions", default=20_000, type=click.IntRange(100, 1_000_000), help="Minimum number of actions.")
@click.option("--faults", "count", default=30, type=click.IntRange(0, 1000), help="Number of faults to inject.")
@click.option("--realms", default=4, type=click.IntRange(1, 64), help="Number of realms.")
@click.option("--seed", type=click.IntRange(0), help="Repeat the requests and faults of another run.")
@click.option("--port", default=7500, type=click.IntRange(1024, 65000), help="First of the servers' 13 ports.")
def faults(players: int, actions: int, count: int, realms: int, seed: int | None, port: int) -> None:
    """Inject faults while players play, and check the result.

    The check proves that no accepted action was lost or applied twice. The command starts separate servers with their
    data in .guildhall-faults, and never touches the instance. Exits with 1 if the check finds something."""
    from load.faults.campaign import CampaignConfig
    from load.faults.command import run_faults

    config = CampaignConfig(players, actions, count, seed)
    sys.exit(0 if run_faults(ROOT / ".guildhall-faults", port, realms, config, console) else 1)


COMMANDS = (demo, backfill, scenario, faults)
