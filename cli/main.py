"""``./guildhall``: the root command, assembled from one module a group."""

import sys
from pathlib import Path

import click

from cli import analysis, checks, operations, play, servers
from infra.errors import OperatorError
from infra.paths import ROOT


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", envvar="GUILDHALL_HOME", type=click.Path(path_type=Path), help="Folder of the instance.")
@click.option("--port", envvar="GUILDHALL_PORT", type=click.IntRange(1024, 65000), help="First of its 13 ports.")
@click.pass_context
def cli(context: click.Context, home: Path | None, port: int | None) -> None:
    """Guildhall: a game backend whose rules hold exactly. Start with: ./guildhall demo"""
    context.obj = (home or ROOT / ".guildhall", port)


for module in (servers, operations, analysis, play, checks):
    for command in module.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """Run the command line; an error that the user can fix is one line and exit code 2."""
    try:
        cli()
    except OperatorError as error:
        click.echo(f"guildhall: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
