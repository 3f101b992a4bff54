"""The command line: ``./guildhall``."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stack import ROOT
from stack.errors import StackError
from stack.instance import Instance, open_instance

console = Console()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", envvar="GUILDHALL_HOME", type=click.Path(path_type=Path), help="The instance's folder.")
@click.option("--port", envvar="GUILDHALL_PORT", type=click.IntRange(1024, 65000), help="First of its 12 ports.")
@click.pass_context
def cli(context: click.Context, home: Path | None, port: int | None) -> None:
    """Guildhall: a game backend whose rules hold exactly. Start with: ./guildhall demo"""
    context.obj = (home or ROOT / ".guildhall", port)


def _instance(context: click.Context, realms: int | None = None) -> Instance:
    home, port = context.obj
    return open_instance(home, port, realms)


def _realms(instance: Instance, realm: int | None) -> list[int]:
    if realm is None:
        return list(range(instance.realms))
    if realm >= instance.realms:
        raise StackError(f"there is no realm {realm}: realms are 0 to {instance.realms - 1}")
    return [realm]


@cli.command()
@click.option("--realms", type=click.IntRange(1, 1024), help="How many realms; remembered.")
@click.pass_context
def up(context: click.Context, realms: int | None) -> None:
    """Install what is missing and start the servers."""
    from stack.lifecycle import up as bring_up

    started = time.monotonic()
    instance = _instance(context, realms)
    bring_up(instance, console)
    console.print(f"Ready in {time.monotonic() - started:.0f} s: {instance.settings().api_url}")


@cli.command()
@click.pass_context
def down(context: click.Context) -> None:
    """Stop exactly what was started."""
    from stack.lifecycle import down as bring_down

    stopped = bring_down(_instance(context))
    console.print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.")


@cli.command()
@click.pass_context
def status(context: click.Context) -> None:
    """The servers, and how far the pipeline is."""
    from stack.pipeline import render
    from stack.status import server_table

    instance = _instance(context)
    console.print(server_table(instance))
    console.print(render(instance))


@cli.command("rotate-key")
@click.pass_context
def rotate_key(context: click.Context) -> None:
    """Sign players' tokens with a new key; tokens of the key before are accepted until the next rotation."""
    from stack.instance import with_new_token_key
    from stack.lifecycle import replace_api

    instance = with_new_token_key(_instance(context))
    console.print("There is a new key." + (" The API was started with it." if replace_api(instance, console) else ""))


@cli.command()
@click.argument("server", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on as the log grows.")
@click.option("-n", "--lines", default=40, help="How many lines.")
@click.pass_context
def logs(context: click.Context, server: str | None, follow: bool, lines: int) -> None:
    """The last lines of a server's log, or the list of logs.

    JSON lines are made readable on a terminal, and left as they are for other programs."""
    from stack.log_lines import show

    files = {path.stem: path for path in sorted(_instance(context).folder("logs").glob("*.log"))}
    if server is None:
        for name, path in files.items():
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            console.print(f"{name:12} {path.stat().st_size >> 10:6} KiB  last written {written:%F %T}")
        return
    if server not in files:
        raise StackError(f"no log of {server}: there are {', '.join(files) or 'none yet'}")
    sys.exit(show(files[server], lines, follow=follow, pretty=console.is_terminal))


@cli.command()
@click.argument("text", metavar="QUERY")
@click.pass_context
def sql(context: click.Context, text: str) -> None:
    """Ask Presto; the events are in the table `events`."""
    from stack.sql import query

    answer = query(_instance(context), text)
    table = Table(box=None)
    for i, column in enumerate(answer.columns):
        numeric = answer.rows and all(isinstance(row[i], int | float) for row in answer.rows)
        table.add_column(column, justify="right" if numeric else "left")
    for row in answer.rows:
        # Text, as rich would take [brackets] for a style and the account of a player called fire for an emoji.
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    console.print(table)


@cli.command()
@click.option(
    "--from", "source", type=click.Choice(["kafka", "archive"]), default="kafka", help="Which copy of the log."
)
@click.option("--realm", type=click.IntRange(0), help="Only this realm.")
@click.pass_context
def rebuild(context: click.Context, source: str, realm: int | None) -> None:
    """Build the state anew from the log, or from the landed tables when Kafka has forgotten the log.

    Players get 503 meanwhile. Exits with 1 if the state is not what it was before."""
    from stack.rebuild import run

    instance = _instance(context)
    sys.exit(0 if run(instance, source, _realms(instance, realm), console) else 1)


@cli.command()
@click.option("--realm", type=click.IntRange(0), help="Only this realm.")
@click.option("--wait", default=120.0, help="Seconds to wait until what Redis has settled is landed, too.")
@click.pass_context
def verify(context: click.Context, realm: int | None, wait: float) -> None:
    """Prove that Redis and Presto have the same books, account by account, while players play.

    Exits with 1 if they differ, with 2 if it cannot be said."""
    from stack.verify import run

    instance = _instance(context)
    sys.exit(0 if run(instance, _realms(instance, realm), wait, console) else 1)


@cli.group()
def quarantine() -> None:
    """Records of the log that are no events: look at them, replay them."""


@quarantine.command("list")
@click.option("--realm", type=click.IntRange(0), help="Only this realm.")
@click.option("--limit", default=50, type=click.IntRange(1, 10_000), help="At most so many, the newest ones.")
@click.pass_context
def list_quarantine(context: click.Context, realm: int | None, limit: int) -> None:
    """What is there, why, and whether today's code would take it for an event."""
    from stack.quarantine import find, render

    instance = _instance(context)
    found, total = find(instance, realm=realm, limit=limit)
    console.print(render(found, total, instance.realms))


@quarantine.command("show")
@click.argument("realm", type=click.IntRange(0))
@click.argument("offset", type=click.IntRange(0))
@click.pass_context
def show_quarantined(context: click.Context, realm: int, offset: int) -> None:
    """One record: why it is here, and its bytes."""
    from stack.quarantine import get, show

    instance = _instance(context)
    show(instance, get(instance, realm, offset), console)


@quarantine.command("replay")
@click.argument("realm", type=click.IntRange(0), required=False)
@click.argument("offset", type=click.IntRange(0), required=False)
@click.option("--all", "everything", is_flag=True, help="Every record in quarantine.")
@click.pass_context
def replay_quarantined(context: click.Context, realm: int | None, offset: int | None, everything: bool) -> None:
    """Judge a record again, and append it to the realm that it names if it is an event by now.

    A replay can never harm. It takes a hold like every action, so that it cannot take what another one counts on; the
    ledger settles an id once, and voids events of an older generation. Exits with 1 if something is not replayed."""
    from stack.quarantine import every, get, replay

    instance = _instance(context)
    if everything == (realm is not None) or (realm is None) != (offset is None):
        raise click.UsageError("either REALM and OFFSET, or --all")
    chosen = [get(instance, realm, offset)] if realm is not None and offset is not None else every(instance)
    sys.exit(0 if replay(instance, chosen, console) else 1)


@quarantine.command("accept")
@click.option("--realm", type=click.IntRange(0), required=True, help="The realm that is halted.")
@click.pass_context
def accept_quarantine(context: click.Context, realm: int) -> None:
    """Let a realm go on that too many malformed records in a row have halted: those there are go to quarantine."""
    from stack.quarantine import accept

    instance = _instance(context)
    (realm,) = _realms(instance, realm)
    console.print(f"Malformed records of realm {realm} up to offset {accept(instance, realm)} may go to quarantine.")


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
@click.pass_context
def redis(context: click.Context, arguments: tuple[str, ...]) -> None:
    """redis-cli, as a user who may look at everything and change nothing."""
    instance = _instance(context)
    environment = {**os.environ, "REDISCLI_AUTH": instance.secrets["inspector"]}
    command = ["redis-cli", "-p", str(instance.port("redis")), "--user", "inspector", "--no-auth-warning", *arguments]
    sys.exit(subprocess.call(command, env=environment))


@cli.command()
@click.option("--requests", default=6000, type=click.IntRange(100, 1_000_000), help="How many requests to play.")
@click.option("--concurrency", default=16, type=click.IntRange(1, 128), help="How many at once.")
@click.pass_context
def demo(context: click.Context, requests: int, concurrency: int) -> None:
    """Set up, start, play, and prove that nothing was lost."""
    from stack.demo import run

    sys.exit(0 if run(_instance(context), requests, concurrency, console) else 1)


@cli.command()
@click.option("--players", default=64, type=click.IntRange(1, 1000), help="How many play at a time.")
@click.option(
    "--actions", default=20_000, type=click.IntRange(100, 1_000_000), help="How many turns they take at least."
)
@click.option("--faults", default=30, type=click.IntRange(0, 1000), help="How many faults are done meanwhile.")
@click.option("--realms", default=4, type=click.IntRange(1, 64), help="In how many realms they play.")
@click.option("--seed", type=click.IntRange(0), help="Repeats the faults and wishes of another run.")
@click.option("--port", default=7500, type=click.IntRange(1024, 65000), help="First of the 12 ports of the servers.")
def audit(players: int, actions: int, faults: int, realms: int, seed: int | None, port: int) -> None:
    """Play while servers are killed, then prove that nothing was lost or done twice.

    On servers of its own, in .guildhall-audit: a player's data are never touched. Exits with 1 on a finding."""
    from load.faults.command import run

    sys.exit(0 if run(ROOT / ".guildhall-audit", port, realms, players, actions, faults, seed, console) else 1)


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
def test(arguments: tuple[str, ...]) -> None:
    """Check the code and run the tests, on an instance of their own; --faults also does every fault to real servers."""
    from stack.checks import run

    sys.exit(run(arguments))


def main() -> None:
    """Run the command line; errors that the user can mend are one line and exit code 2."""
    try:
        cli()
    except StackError as error:
        click.echo(f"guildhall: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
