"""Commands for analysts: SQL and the report."""

from pathlib import Path

import click

from cli.context import console, instance_of


@click.command()
@click.argument("text", metavar="[QUERY]", required=False)
@click.option("--name", metavar="NAME", help="Run a ready-made query.")
@click.option("--list", "listing", is_flag=True, help="List the ready-made queries and the question of each.")
@click.option("--show", metavar="NAME", help="Print the SQL of a ready-made query.")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV, row by row as Presto sends them.")
@click.option("--explain", is_flag=True, help="Show Presto's plan with its estimated rows.")
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
    """Query Presto; the events are in the table `events`.

    Without QUERY: a prompt on a terminal, otherwise the queries on standard input."""
    from analytics.sql_shell.command import run_sql

    run_sql(instance_of(context), console, text, name=name, show=show, listing=listing, as_csv=as_csv, explain=explain)


@click.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File; report.html of the instance.")
@click.option("--notebook", type=click.Path(dir_okay=False, path_type=Path), help="Also keep the executed notebook.")
@click.pass_context
def report(context: click.Context, out: Path | None, notebook: Path | None) -> None:
    """Write the report on players and pipeline into one HTML file that opens anywhere."""
    from analytics.report.export import export_html

    instance = instance_of(context)
    export_html(instance, out or instance.home / "report.html", console, notebook)


COMMANDS = (sql, report)
