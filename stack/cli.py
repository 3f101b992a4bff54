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


@cli.command()
@click.argument("server", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on as the log grows.")
@click.option("-n", "--lines", default=40, help="How many lines.")
@click.pass_context
def logs(context: click.Context, server: str | None, follow: bool, lines: int) -> None:
    """The last lines of a server's log, or the list of logs."""
    files = {path.stem: path for path in sorted(_instance(context).folder("logs").glob("*.log"))}
    if server is None:
        for name, path in files.items():
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            console.print(f"{name:12} {path.stat().st_size >> 10:6} KiB  last written {written:%F %T}")
        return
    if server not in files:
        raise StackError(f"no log of {server}: there are {', '.join(files) or 'none yet'}")
    sys.exit(subprocess.call(["tail", "-n", str(lines), *(["-f"] if follow else []), str(files[server])]))


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
        table.add_row(*("" if value is None else str(value) for value in row))
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
    if realm is not None and realm >= instance.realms:
        raise StackError(f"there is no realm {realm}: realms are 0 to {instance.realms - 1}")
    realms = list(range(instance.realms)) if realm is None else [realm]
    sys.exit(0 if run(instance, source, realms, console) else 1)


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


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
def test(arguments: tuple[str, ...]) -> None:
    """Check the code and run the tests, on an instance of their own."""
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
