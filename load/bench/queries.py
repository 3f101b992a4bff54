"""Measure the ready-made queries: ``python -m load.bench.queries --home HOME``.

Each query runs several times. The first run shows how long a reader of the report waits, because Presto has no table
data in memory yet. If Presto was restarted just before, it has no plan of the query yet, either. The output is a
Markdown table for docs/benchmarks/performance.md.
"""

import statistics
import time
from pathlib import Path

import click

from analytics import queries
from infra.presto import fetch
from stack.instance import Instance, open_instance


@click.command()
@click.option("--home", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of the instance.")
@click.option(
    "--rounds", default=3, type=click.IntRange(1, 20), show_default=True, help="Number of runs of each query."
)
@click.option("--prefix", default="report_", show_default=True, help="Measure only queries with this prefix.")
def main(home: Path, rounds: int, prefix: str) -> None:
    """Run the queries and print their seconds."""
    instance = open_instance(home)
    events = fetch(instance.settings(), "select count(*) from events").rows[0][0]
    click.echo(f"{events:,} events\n\n| query | rows | first, s | median, s | slowest, s |\n|---|--:|--:|--:|--:|")
    for name in queries.names():
        if name.startswith(prefix):
            seconds, rows = measure(instance, name, rounds)
            figures = f"{seconds[0]:.2f} | {statistics.median(seconds):.2f} | {max(seconds):.2f}"
            click.echo(f"| `{name}` | {rows:,} | {figures} |")


def measure(instance: Instance, name: str, rounds: int) -> tuple[list[float], int]:
    """Return how many seconds each run took, and the number of rows in the result."""
    seconds, rows = [], 0
    for _ in range(rounds):
        begun = time.monotonic()
        rows = len(fetch(instance.settings(), queries.load(name)).rows)
        seconds.append(time.monotonic() - begun)
    return seconds, rows


if __name__ == "__main__":
    main()
