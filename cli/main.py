"""The command line: ``./guildhall``."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from infra.errors import StackError
from infra.paths import ROOT
from stack.instance import ELSEWHERE, Instance, open_instance

console = Console()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", envvar="GUILDHALL_HOME", type=click.Path(path_type=Path), help="The instance's folder.")
@click.option("--port", envvar="GUILDHALL_PORT", type=click.IntRange(1024, 65000), help="First of its 13 ports.")
@click.pass_context
def cli(context: click.Context, home: Path | None, port: int | None) -> None:
    """Guildhall: a game backend whose rules hold exactly. Start with: ./guildhall demo"""
    context.obj = (home or ROOT / ".guildhall", port)


def _instance(context: click.Context, realms: int | None = None) -> Instance:
    home, port = context.obj
    return open_instance(home, port, realms)


def _require_own_servers(command: str) -> None:
    if os.environ.get(ELSEWHERE):
        raise StackError(f"the servers here are started and stopped from outside: docker compose {command}")


def _realms(instance: Instance, realm: int | None) -> list[int]:
    if realm is None:
        return list(range(instance.realms))
    if realm >= instance.realms:
        raise StackError(f"there is no realm {realm}: realms are 0 to {instance.realms - 1}")
    return [realm]


@cli.command()
@click.option("--realms", type=click.IntRange(1, 1024), help="How many realms; remembered.")
@click.pass_context
def init(context: click.Context, realms: int | None) -> None:
    """Make the instance's file with its secrets, if there is none yet; up does it by itself."""
    instance = _instance(context, realms)
    console.print(f"There is an instance of {instance.realms} realms, with its secrets, in {instance.home}")


@cli.command()
@click.argument("name")
@click.pass_context
def serve(context: click.Context, name: str) -> None:
    """Run one server in the foreground: what a container of docker-compose.yml does."""
    from stack.servers.foreground import describe
    from stack.servers.foreground import serve as run

    instance = _instance(context)
    sys.exit(run(instance, describe(instance, name, console), console))


@cli.command()
@click.pass_context
def notebook(context: click.Context) -> None:
    """Where the notebook's server of docker-compose.yml is, with the token that opens it."""
    from stack.servers.notebook import url

    console.print(url(_instance(context)), soft_wrap=True)


@cli.command()
@click.option("--realms", type=click.IntRange(1, 1024), help="How many realms; remembered.")
@click.pass_context
def up(context: click.Context, realms: int | None) -> None:
    """Install what is missing and start the servers."""
    from stack.servers.lifecycle import up as bring_up

    _require_own_servers("up")
    started = time.monotonic()
    instance = _instance(context, realms)
    bring_up(instance, console)
    console.print(f"Ready in {time.monotonic() - started:.0f} s: {instance.settings().api_url}")


@cli.command()
@click.pass_context
def down(context: click.Context) -> None:
    """Stop exactly what was started."""
    from stack.servers.lifecycle import down as bring_down

    _require_own_servers("down")
    stopped = bring_down(_instance(context))
    console.print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.")


@cli.command()
@click.pass_context
def status(context: click.Context) -> None:
    """The servers, and how far the pipeline is."""
    from stack.operations.pipeline_status import render
    from stack.servers.status import server_table

    instance = _instance(context)
    if not os.environ.get(ELSEWHERE):
        console.print(server_table(instance))
    console.print(render(instance))


@cli.command("rotate-key")
@click.pass_context
def rotate_key(context: click.Context) -> None:
    """Sign players' tokens with a new key; tokens of the key before are accepted until the next rotation."""
    from stack.instance import with_new_token_key
    from stack.servers.lifecycle import replace_api

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
    from stack.servers.log_view import show

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
@click.argument("text", metavar="[QUERY]", required=False)
@click.option("--name", metavar="NAME", help="Answer a ready-made query.")
@click.option("--list", "listing", is_flag=True, help="The ready-made queries, and what each one answers.")
@click.option("--show", metavar="NAME", help="Print the SQL of a ready-made query.")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV, row by row as Presto sends them.")
@click.option("--explain", is_flag=True, help="How Presto would answer, and with how many rows.")
@click.pass_context
def sql(
    context: click.Context,
    text: str | None,
    name: str | None,
    listing: bool,
    show: str | None,
    as_csv: bool,
    explain: bool,
) -> None:
    """Ask Presto; the events are in the table `events`.

    Without QUERY there is a prompt, or the queries of the standard input are answered."""
    from analytics.sql_shell.command import run

    run(_instance(context), console, text, name=name, show=show, listing=listing, as_csv=as_csv, explain=explain)


@cli.command()
@click.option(
    "--from", "source", type=click.Choice(["kafka", "archive"]), default="kafka", help="Which copy of the log."
)
@click.option("--realm", type=click.IntRange(0), help="Only this realm.")
@click.pass_context
def rebuild(context: click.Context, source: str, realm: int | None) -> None:
    """Build the state anew from the log, or from the landed tables when Kafka has forgotten the log.

    Players get 503 meanwhile. Exits with 1 if the state is not what it was before."""
    from stack.operations.rebuild import run

    instance = _instance(context)
    sys.exit(0 if run(instance, source, _realms(instance, realm), console) else 1)


@cli.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; report.html of the instance.")
@click.option("--notebook", type=click.Path(dir_okay=False, path_type=Path), help="Also keep the executed notebook.")
@click.pass_context
def report(context: click.Context, out: Path | None, notebook: Path | None) -> None:
    """Ask Presto what players do, audit the books, and write it all into one HTML file that opens anywhere."""
    from analytics.report.export import run

    instance = _instance(context)
    run(instance, out or instance.home / "report.html", console, notebook)


@cli.command()
@click.option("--realm", type=click.IntRange(0), help="Only this realm.")
@click.option("--wait", default=120.0, help="Seconds to wait until what Redis has settled is landed, too.")
@click.pass_context
def verify(context: click.Context, realm: int | None, wait: float) -> None:
    """Prove that Redis and Presto have the same books, account by account, while players play.

    Exits with 1 if they differ, with 2 if it cannot be said."""
    from stack.operations.reconcile import run

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
    from stack.operations.quarantine import find, render

    instance = _instance(context)
    found, total = find(instance, realm=realm, limit=limit)
    console.print(render(found, total, instance.realms))


@quarantine.command("show")
@click.argument("realm", type=click.IntRange(0))
@click.argument("offset", type=click.IntRange(0))
@click.pass_context
def show_quarantined(context: click.Context, realm: int, offset: int) -> None:
    """One record: why it is here, and its bytes."""
    from stack.operations.quarantine import get, show

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
    from stack.operations.quarantine import every, get, replay

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
    from stack.operations.quarantine import accept

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
@click.option("--running", is_flag=True, envvar=ELSEWHERE, help="Take servers that somebody else has started.")
@click.pass_context
def demo(context: click.Context, requests: int, concurrency: int, running: bool) -> None:
    """Set up, start, play, and prove that nothing was lost."""
    from cli.demo import run

    sys.exit(0 if run(_instance(context), requests, concurrency, console, running=running) else 1)


@cli.command()
@click.option("--history", metavar="DAYS", help="Write the events of so many past days, such as 30d, into the log.")
@click.option("--scenario", metavar="NAME", help="Play it by ab: launch-day, quiet-evening, flash-sale or bot-attack.")
@click.option(
    "--players", type=click.IntRange(2, 100_000), help="How many there are; a history has as many as it needs."
)
@click.option("--events", type=click.IntRange(500, 20_000_000), help="Of a history; 1,000,000 if nothing is said.")
@click.option("--minutes", type=click.FloatRange(0.2, 60), help="Of a scenario; 5 if nothing is said.")
@click.option("--seed", type=click.IntRange(0, 2**53), help="Repeats what another run has planned.")
@click.pass_context
def play(
    context: click.Context,
    history: str | None,
    scenario: str | None,
    players: int | None,
    events: int | None,
    minutes: float | None,
    seed: int | None,
) -> None:
    """Make a living world: weeks of it at once, marked as generated, or minutes of real requests.

    Exits with 1 if not everything that was played is settled and landed."""
    from cli.play import play_history, play_scenario

    if (history is None) == (scenario is None):
        raise StackError("play needs one of --history and --scenario: ./guildhall play --history 30d")
    if (events if scenario else minutes) is not None:
        raise StackError("--events is for --history, and --minutes is for --scenario")
    instance = _instance(context)
    if history:
        done = play_history(instance, history, players, events or 1_000_000, seed, console)
    else:
        done = play_scenario(instance, scenario or "", players or 100, 60 * (minutes or 5), seed, console)
    sys.exit(0 if done else 1)


@cli.command()
@click.option("--players", default=64, type=click.IntRange(1, 1000), help="How many play at a time.")
@click.option(
    "--actions", default=20_000, type=click.IntRange(100, 1_000_000), help="How many turns they take at least."
)
@click.option("--faults", default=30, type=click.IntRange(0, 1000), help="How many faults are done meanwhile.")
@click.option("--realms", default=4, type=click.IntRange(1, 64), help="In how many realms they play.")
@click.option("--seed", type=click.IntRange(0), help="Repeats the faults and wishes of another run.")
@click.option("--port", default=7500, type=click.IntRange(1024, 65000), help="First of the 13 ports of the servers.")
def audit(players: int, actions: int, faults: int, realms: int, seed: int | None, port: int) -> None:
    """Play while servers are killed, then prove that nothing was lost or done twice.

    On servers of its own, in .guildhall-audit: a player's data are never touched. Exits with 1 on a finding."""
    from load.faults.command import run

    sys.exit(0 if run(ROOT / ".guildhall-audit", port, realms, players, actions, faults, seed, console) else 1)


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
def test(arguments: tuple[str, ...]) -> None:
    """Check the code and run the tests, on an instance of their own.

    --faults also does every fault to real servers. --compose only tests docker-compose.yml, with podman."""
    from cli.test import run

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
