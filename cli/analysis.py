"""Commands for analysts: SQL and the report."""

from pathlib import Path

import click

from cli.context import console, instance_of


@click.command()
@click.argument("text", metavar="[QUERY]", required=False)
@click.option("--name", metavar="NAME", help="Run a ready-made query.")
@click.option("--list", "listing", is_flag=True, help="List the ready-made queries with their questions.")
@click.option("--show", metavar="NAME", help="Print the SQL of a ready-made query.")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV, row by row as Presto sends it.")
@click.option("--explain", is_flag=True, help="Show Presto's plan with estimated numbers of rows.")
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
    """Query the landed tables with SQL, in Presto.

    The events are in the table `events`; --list shows ready-made queries. Without QUERY, it opens a prompt on a
    terminal, and otherwise runs the queries from standard input."""
    from analytics.sql_shell.command import run_sql

    run_sql(instance_of(context), console, text, name=name, show=show, listing=listing, as_csv=as_csv, explain=explain)


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; the default is report.html in the instance's folder.",
)
@click.option("--notebook", type=click.Path(dir_okay=False, path_type=Path), help="Also keep the executed notebook.")
@click.pass_context
def report(context: click.Context, out: Path | None, notebook: Path | None) -> None:
    """Write a report on players and pipeline as one HTML file."""
    from analytics.report.export import export_html

    instance = instance_of(context)
    export_html(instance, out or instance.home / "report.html", console, notebook)


COMMANDS = (sql, report)
