"""Commands that start, stop and show the servers of an instance."""

import os
import sys
import time
from datetime import UTC, datetime

import click

from cli.context import console, instance_of, require_own_servers
from infra.errors import OperatorError
from stack.instance import EXTERNALLY_MANAGED


@click.command()
@click.option("--realms", type=click.IntRange(1, 1024), help="Number of realms, remembered; 4 at first.")
@click.pass_context
def up(context: click.Context, realms: int | None) -> None:
    """Install what is missing and start the servers."""
    from stack.servers import lifecycle

    require_own_servers("up")
    started = time.monotonic()
    instance = instance_of(context, realms)
    lifecycle.up(instance, console)
    console.print(f"Ready after {time.monotonic() - started:.0f} s: {instance.settings().api_url}")


@click.command()
@click.pass_context
def down(context: click.Context) -> None:
    """Stop the servers that `up` started. The data stays."""
    from stack.servers import lifecycle

    require_own_servers("down")
    stopped = lifecycle.down(instance_of(context))
    console.print(f"Stopped {', '.join(stopped)}." if stopped else "No server was running.")


@click.command()
@click.pass_context
def status(context: click.Context) -> None:
    """Show the servers, and how far each stage of the pipeline is."""
    from stack.operations.pipeline_status import render
    from stack.servers.status import server_table

    instance = instance_of(context)
    if not os.environ.get(EXTERNALLY_MANAGED):
        console.print(server_table(instance))
    console.print(render(instance))


@click.command()
@click.argument("server", required=False)
@click.option("-f", "--follow", is_flag=True, help="Keep printing as the log grows.")
@click.option("-n", "--lines", default=40, help="Number of lines.")
@click.pass_context
def logs(context: click.Context, server: str | None, follow: bool, lines: int) -> None:
    """Print the last lines of a server's log, or list the logs.

    JSON lines become readable on a terminal and stay JSON in a pipe."""
    from stack.servers.log_view import show

    files = {path.stem: path for path in sorted(instance_of(context).folder("logs").glob("*.log"))}
    if server is None:
        for name, path in files.items():
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            console.print(f"{name:12} {path.stat().st_size >> 10:6} KiB  last written {written:%F %T} UTC")
        return
    if server not in files:
        raise OperatorError(f"there is no log of {server}: there are {', '.join(files) or 'no logs yet'}")
    sys.exit(show(files[server], lines, follow=follow, pretty=console.is_terminal))


COMMANDS = (up, down, status, logs)
