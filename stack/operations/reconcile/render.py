"""Formats the tables and lines that ``./guildhall verify`` prints."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stack.operations.reconcile.compare import MAX_SHOWN, RealmComparison

_OUTCOMES = ("events", "effective", "telemetry", "voided", "stale", "duplicates", "rejected", "quarantined")


def log_table(comparisons: Iterable[RealmComparison]) -> Table:
    """Return a table with a row for each realm. It shows the numbers of log records by outcome."""
    title = "Records of the log up to Redis's offset, counted by Presto"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("realm")
    for name in ("offset", *_OUTCOMES):
        # Let only the longest column name wrap on a narrow terminal, so that no number is cut off.
        table.add_column(name, justify="right", no_wrap=name != "quarantined", overflow="fold")
    for c in comparisons:
        table.add_row(str(c.realm), f"{c.snapshot.offset:,}", *(f"{c.counts.get(name, 0):,}" for name in _OUTCOMES))
    return table


def balances_table(comparisons: Iterable[RealmComparison]) -> Table:
    """Return a table with a row for each realm. It shows whether Redis and Presto have the same balances."""
    table = Table(title="Balances in Redis and in Presto", title_justify="left", box=None)
    table.add_column("realm")
    for name in ("accounts", "differences", "sum (must be 0)"):
        table.add_column(name, justify="right")
    table.add_column("")
    for c in comparisons:
        counts = (len(c.snapshot.balances), len(c.differences), c.total)
        result = "[green]the same[/]" if c.holds else "[red]DIFFERENT[/]"
        table.add_row(str(c.realm), *(f"{n:,}" for n in counts), result)
    return table


def print_findings(comparison: RealmComparison, console: Console) -> None:
    """Print the findings and differences of a realm. Prints nothing if there are none."""
    for finding in comparison.findings:
        console.print(Text(f"realm {comparison.realm}: {finding}", style="red"), soft_wrap=True)
    if not comparison.differences:
        return
    title = f"Accounts of realm {comparison.realm} that differ"
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("account", no_wrap=True)
    for name in ("Redis", "Presto", "Redis - Presto"):
        table.add_column(name, justify="right")
    for d in comparison.differences[:MAX_SHOWN]:
        # Use Text, because rich would turn `:fire:` in the account of a player called fire into an emoji.
        table.add_row(Text(d.account), f"{d.redis:,}", f"{d.presto:,}", f"{d.redis - d.presto:+,}")
    console.print(table)
    if len(comparison.differences) > MAX_SHOWN:
        console.print(f"... and {len(comparison.differences) - MAX_SHOWN:,} more")
