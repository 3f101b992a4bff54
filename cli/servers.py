"""Commands that make an instance and run its servers."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import click

from cli.context import console, instance_of, require_own_servers
from infra.errors import OperatorError
from stack.instance import EXTERNALLY_MANAGED


@click.command()
@click.option("--realms", type=click.IntRange(1, 1024), help="Number of realms; remembered.")
@click.pass_context
def init(context: click.Context, realms: int | None) -> None:
    """Create the instance file with its secrets, if it is missing. `up` does this too."""
    instance = instance_of(context, realms)
    console.print(f"The instance in {instance.home} has {instance.realms} realms and its secrets.")


@click.command()
@click.argument("name")
@click.pass_context
def serve(context: click.Context, name: str) -> None:
    """Run one server in the foreground, as the containers of docker-compose.yml do."""
    from stack.servers.foreground import describe
    from stack.servers.foreground import serve as serve_forever

    instance = instance_of(context)
    sys.exit(serve_forever(instance, describe(instance, name, console), console))


@click.command()
@click.pass_context
def notebook(context: click.Context) -> None:
    """Print the URL of the notebook server of docker-compose.yml, with its token."""
    from stack.servers.notebook import url

    console.print(url(instance_of(context)), soft_wrap=True)


@click.command()
@click.option("--realms", type=click.IntRange(1, 1024), help="Number of realms; remembered.")
@click.pass_context
def up(context: click.Context, realms: int | None) -> None:
    """Install what is missing and start the servers."""
    from stack.servers import lifecycle

    require_own_servers("up")
    started = time.monotonic()
    instance = instance_of(context, realms)
    lifecycle.up(instance, console)
    console.print(f"Ready in {time.monotonic() - started:.0f} s: {instance.settings().api_url}")


@click.command()
@click.pass_context
def down(context: click.Context) -> None:
    """Stop the servers that `up` started."""
    from stack.servers import lifecycle

    require_own_servers("down")
    stopped = lifecycle.down(instance_of(context))
    console.print(f"Stopped {', '.join(stopped)}." if stopped else "No server was running.")


@click.command()
@click.pass_context
def status(context: click.Context) -> None:
    """Show the servers and the progress of each stage of the pipeline."""
    from stack.operations.pipeline_status import render
    from stack.servers.status import server_table

    instance = instance_of(context)
    if not os.environ.get(EXTERNALLY_MANAGED):
        console.print(server_table(instance))
    console.print(render(instance))


@click.command("rotate-key")
@click.pass_context
def rotate_key(context: click.Context) -> None:
    """Sign players' tokens with a new key. Tokens of the previous key stay valid until the next rotation."""
    from stack.instance import with_new_token_key
    from stack.servers.lifecycle import replace_api

    instance = with_new_token_key(instance_of(context))
    console.print("Created a new key." + (" The API was restarted with it." if replace_api(instance, console) else ""))


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
            console.print(f"{name:12} {path.stat().st_size >> 10:6} KiB  last written {written:%F %T}")
        return
    if server not in files:
        raise OperatorError(f"no log of {server}: there are {', '.join(files) or 'none yet'}")
    sys.exit(show(files[server], lines, follow=follow, pretty=console.is_terminal))


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
@click.pass_context
def redis(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Run redis-cli as a user who may read everything and change nothing."""
    instance = instance_of(context)
    environment = {**os.environ, "REDISCLI_AUTH": instance.secrets["inspector"]}
    command = ["redis-cli", "-p", str(instance.port("redis")), "--user", "inspector", "--no-auth-warning", *arguments]
    sys.exit(subprocess.call(command, env=environment))


COMMANDS = (init, serve, notebook, up, down, status, rotate_key, logs, redis)
