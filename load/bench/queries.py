"""How long do the ready-made queries take? ``python -m load.bench.queries --home HOME``. No test: it measures.

Asks a running instance each of them, the first time as somebody would who opens the report (nothing of the tables is in
Presto's memory or, after a restart, planned), then some more times; prints a table in
Markdown for docs/benchmarks/performance.md.
"""

import statistics
import time
from pathlib import Path

import click

from analytics import queries
from infra.presto import fetch
from stack.instance import Instance, open_instance


@click.command()
@click.option("--home", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--rounds", default=3, type=click.IntRange(1, 20), help="How often each query is asked.")
@click.option("--prefix", default="report_", help="Only queries whose names begin with it.")
def main(home: Path, rounds: int, prefix: str) -> None:
    """Ask, and print seconds."""
    instance = open_instance(home)
    events = fetch(instance.settings(), "select count(*) from events").rows[0][0]
    click.echo(f"{events:,} events\n\n| query | rows | first, s | median, s | slowest, s |\n|---|--:|--:|--:|--:|")
    for name in queries.names():
        if name.startswith(prefix):
            seconds, rows = ask(instance, name, rounds)
            figures = f"{seconds[0]:.2f} | {statistics.median(seconds):.2f} | {max(seconds):.2f}"
            click.echo(f"| `{name}` | {rows:,} | {figures} |")


def ask(instance: Instance, name: str, rounds: int) -> tuple[list[float], int]:
    """Seconds of each round, and how many rows there were."""
    seconds, rows = [], 0
    for _ in range(rounds):
        begun = time.monotonic()
        rows = len(fetch(instance.settings(), queries.load(name)).rows)
        seconds.append(time.monotonic() - begun)
    return seconds, rows


if __name__ == "__main__":
    main()
