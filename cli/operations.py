"""Commands that check and repair a running instance."""

import os
import subprocess
import sys

import click

from cli.context import chosen_realms, console, instance_of


@click.command()
@click.option(
    "--from", "source", type=click.Choice(["kafka", "archive"]), default="kafka", help="Copy of the log to read."
)
@click.option("--realm", type=click.IntRange(0), help="Only this realm.")
@click.pass_context
def rebuild(context: click.Context, source: str, realm: int | None) -> None:
    """Rebuild the state in Redis from the log or the archive.

    The archive is the landed tables on HDFS; use it when Kafka no longer has the whole log. Players get HTTP status 503
    until the rebuild ends. Exits with 1 if the state differs from the one before."""
    from stack.operations.rebuild import rebuild_realms

    instance = instance_of(context)
    sys.exit(0 if rebuild_realms(instance, source, chosen_realms(instance, realm), console) else 1)


@click.command()
@click.option("--realm", type=click.IntRange(0), help="Only this realm.")
@click.option("--wait", default=120.0, help="Seconds to wait until the settled records have landed.")
@click.pass_context
def verify(context: click.Context, realm: int | None, wait: float) -> None:
    """Compare every balance in Redis with Presto.

    Players may go on playing. Exits with 1 if the two differ, and with 2 if the comparison is not possible."""
    from stack.operations.reconcile.run import reconcile

    instance = instance_of(context)
    sys.exit(0 if reconcile(instance, chosen_realms(instance, realm), wait, console) else 1)


@click.group()
def quarantine() -> None:
    """Show and replay records that are not valid events."""


@quarantine.command("list")
@click.option("--realm", type=click.IntRange(0), help="Only this realm.")
@click.option("--limit", default=50, type=click.IntRange(1, 10_000), help="Maximum number of records, newest first.")
@click.pass_context
def list_quarantine(context: click.Context, realm: int | None, limit: int) -> None:
    """List the records with their reasons.

    The last column says whether today's code would accept the record."""
    from stack.operations.quarantine.records import find
    from stack.operations.quarantine.render import render

    instance = instance_of(context)
    found, total = find(instance, realm=realm, limit=limit)
    console.print(render(found, total, instance.realms))


@quarantine.command("show")
@click.argument("realm", type=click.IntRange(0))
@click.argument("offset", type=click.IntRange(0))
@click.pass_context
def show_quarantined(context: click.Context, realm: int, offset: int) -> None:
    """Show one record: the reason and its bytes."""
    from stack.operations.quarantine.records import get
    from stack.operations.quarantine.render import show

    instance = instance_of(context)
    show(instance, get(instance, realm, offset), console)


@quarantine.command("replay")
@click.argument("realm", type=click.IntRange(0), required=False)
@click.argument("offset", type=click.IntRange(0), required=False)
@click.option("--all", "everything", is_flag=True, help="Replay every record in quarantine.")
@click.pass_context
def replay_quarantined(context: click.Context, realm: int | None, offset: int | None, everything: bool) -> None:
    """Append a record to its realm if today's code accepts it.

    A replay is safe: it takes a hold like every action, the ledger settles each id once, and it ignores events of an
    older generation. Exits with 1 if a record was not replayed."""
    from stack.operations.quarantine.records import get, iter_all
    from stack.operations.quarantine.replay import replay

    instance = instance_of(context)
    if everything == (realm is not None) or (realm is None) != (offset is None):
        raise click.UsageError("give either REALM and OFFSET, or --all")
    chosen = [get(instance, realm, offset)] if realm is not None and offset is not None else iter_all(instance)
    sys.exit(0 if replay(instance, chosen, console) else 1)


@quarantine.command("accept")
@click.option("--realm", type=click.IntRange(0), required=True, help="The halted realm.")
@click.pass_context
def accept_quarantine(context: click.Context, realm: int) -> None:
    """Resume a realm that malformed records have halted.

    A realm halts at too many malformed records in a row, because a broken producer may have written them. This moves
    those that are in its log now to quarantine."""
    from stack.operations.quarantine.accept import accept

    instance = instance_of(context)
    (realm,) = chosen_realms(instance, realm)
    console.print(f"Malformed records of realm {realm} up to offset {accept(instance, realm)} go to quarantine now.")


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
@click.pass_context
def redis(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Run redis-cli as a user with read access only."""
    instance = instance_of(context)
    environment = {**os.environ, "REDISCLI_AUTH": instance.secrets["inspector"]}
    command = ["redis-cli", "-p", str(instance.port("redis")), "--user", "inspector", "--no-auth-warning", *arguments]
    sys.exit(subprocess.call(command, env=environment))


@click.command("rotate-key")
@click.pass_context
def rotate_key(context: click.Context) -> None:
    """Sign players' tokens with a new key.

    Tokens of the previous key stay valid until the next rotation."""
    from stack.instance import with_new_token_key
    from stack.servers.lifecycle import replace_api

    instance = with_new_token_key(instance_of(context))
    console.print("Created a new key." + (" Restarted the API with it." if replace_api(instance, console) else ""))


COMMANDS = (verify, rebuild, quarantine, redis, rotate_key)
