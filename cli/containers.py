"""Commands that docker-compose.yml runs in its containers, and the command that prints the notebook server's URL."""

import sys

import click

from cli.context import console, instance_of


@click.command()
@click.option("--realms", type=click.IntRange(1, 1024), help="Number of realms, remembered; 4 at first.")
@click.pass_context
def init(context: click.Context, realms: int | None) -> None:
    """Create the instance file with its secrets, if it is missing. `up` does this too."""
    instance = instance_of(context, realms)
    console.print(f"The instance in {instance.home} has {instance.realms} realms and its secrets.")


@click.command()
@click.argument("name")
@click.pass_context
def serve(context: click.Context, name: str) -> None:
    """Run one server in the foreground until it ends."""
    from stack.servers.foreground import describe
    from stack.servers.foreground import serve as run_server

    instance = instance_of(context)
    sys.exit(run_server(instance, describe(instance, name, console), console))


@click.command()
@click.pass_context
def notebook(context: click.Context) -> None:
    """Print the URL of the notebook server, with its token."""
    from stack.servers.notebook import url

    console.print(url(instance_of(context)), soft_wrap=True)


COMMANDS = (init, serve, notebook)
