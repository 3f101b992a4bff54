"""The root command ``./guildhall``. Each section of its help has its own module."""

import sys
from pathlib import Path

import click

from cli import analysis, checks, containers, operations, play, servers
from cli.commands import CommandGroup
from infra.errors import OperatorError
from infra.paths import ROOT

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100, "show_default": True}


@click.group(cls=CommandGroup, context_settings=CONTEXT)
@click.option(
    "--home",
    envvar="GUILDHALL_HOME",
    type=click.Path(path_type=Path),
    help="Folder of the instance; the default is .guildhall.",
)
@click.option(
    "--port",
    envvar="GUILDHALL_PORT",
    type=click.IntRange(1024, 65000),
    help="First of its 13 ports, remembered; the default is 7400.",
)
@click.pass_context
def cli(context: click.Context, home: Path | None, port: int | None) -> None:
    """Operate a game backend that neither loses an accepted action nor applies it twice.

    Start with: ./guildhall demo"""
    context.obj = (home or ROOT / ".guildhall", port)


cli.add_section("Servers", servers.COMMANDS)
cli.add_section("Play", play.COMMANDS)
cli.add_section("Analysis", analysis.COMMANDS)
cli.add_section("Operations", operations.COMMANDS)
cli.add_section("Development", checks.COMMANDS)
cli.add_section("Containers", containers.COMMANDS)


def main() -> None:
    """Run the command line. An error that the user can fix is printed as one line on stderr, with exit code 2."""
    try:
        cli(prog_name="./guildhall")
    except OperatorError as error:
        click.echo(f"guildhall: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
