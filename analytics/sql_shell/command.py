"""Run ``./guildhall sql``: one query, a ready-made query, the queries from standard input, or the prompt."""

import sys

import click
from rich.console import Console

from analytics import queries
from analytics.sql_shell.render import content_of, print_whole, write_csv
from analytics.sql_shell.statements import split
from infra.errors import OperatorError
from infra.presto import fetch, open_query
from stack.instance import Instance


def run_sql(
    instance: Instance,
    console: Console,
    text: str | None,
    *,
    name: str | None = None,
    show: str | None = None,
    listing: bool = False,
    as_csv: bool = False,
    explain: bool = False,
) -> None:
    """Do what the command line asks for. Raises OperatorError if the options conflict or a query is wrong."""
    if sum([text is not None, name is not None, show is not None, listing]) > 1:
        raise OperatorError("give only one of QUERY, --name, --show and --list")
    if as_csv and explain:
        raise OperatorError("give --csv or --explain, not both")
    if listing:
        from analytics.sql_shell.prompt import list_of_queries

        print_whole(console, list_of_queries())
    elif show is not None:
        click.echo(queries.load(show))
    elif text is None and name is None and sys.stdin.isatty() and console.is_terminal and not (as_csv or explain):
        from analytics.sql_shell.prompt import Shell

        Shell(instance, console).run()
    else:
        _run_all(instance, console, _statements(text, name), as_csv=as_csv, explain=explain)


def _statements(text: str | None, name: str | None) -> list[str]:
    if name is not None:
        text = queries.load(name)
    elif text is None:
        if sys.stdin.isatty():
            raise OperatorError("no query was given: add QUERY or --name, or pipe queries in")
        text = sys.stdin.read()
    statements = split(text).all
    if not statements:
        raise OperatorError("the input contains no query")
    return statements


def _run_all(instance: Instance, console: Console, statements: list[str], *, as_csv: bool, explain: bool) -> None:
    if as_csv and len(statements) > 1:
        raise OperatorError(f"--csv writes one table, but the input has {len(statements)} queries: run them separately")
    settings = instance.settings()
    for statement in statements:
        if as_csv:
            with open_query(settings, statement) as query:
                write_csv(query.columns, query, sys.stdout)
        else:
            print_whole(console, content_of(fetch(settings, f"explain {statement}" if explain else statement)))
