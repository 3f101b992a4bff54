"""Shows the state of the tables on HDFS, using the metrics of the streaming application."""

from collections.abc import Iterator
from datetime import UTC, datetime

import requests
from rich.console import RenderableType
from rich.table import Table

from infra import metrics
from stack.instance import Instance

RESPONSE_SECONDS = 2.0  # a response takes milliseconds; `status` must not hang if the streaming application hangs

_METRICS = (metrics.TABLE_FILES, metrics.PARTITION_FILES, metrics.MAINTENANCE_ENDED, metrics.DERIVED_OFFSET)


def table_lines(instance: Instance) -> Iterator[RenderableType]:
    """Yield the derived offsets, the end of the last maintenance, and a table with the number of files of each table.

    If the streaming application does not respond, the function yields only one line that says so.
    """
    try:
        samples = _scrape(instance.settings().streaming_metrics_port)
    except requests.RequestException:
        yield "[yellow]The state of the tables is unknown: the streams do not respond.[/]"
        return
    ended = samples[metrics.MAINTENANCE_ENDED.name].get((), 0.0)
    files, largest = samples[metrics.TABLE_FILES.name], samples[metrics.PARTITION_FILES.name]
    yield _derived(samples[metrics.DERIVED_OFFSET.name])
    if not ended:
        yield "Maintenance of the tables has not run yet."
        return
    when = f"{datetime.fromtimestamp(ended, UTC):%F %T} UTC"
    title = f"Tables after the maintenance of {when}"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("table")
    for name in ("files", "in largest partition"):
        table.add_column(name, justify="right")
    for (name,), count in files.items():
        table.add_row(name, f"{count:,.0f}", f"{largest.get((name,), 0):,.0f}")
    yield table


def derived_offsets(port: int) -> dict[int, int]:
    """Return, by realm, the offset up to which ``actions`` and ``transfers`` are derived.

    Raises requests.RequestException if the streams do not respond.
    """
    return {int(realm): int(offset) for (realm,), offset in _scrape(port)[metrics.DERIVED_OFFSET.name].items()}


def _derived(offsets: dict[tuple[str, ...], float]) -> str:
    if not offsets:
        return "The tables for analysts are not derived yet."
    counts = ", ".join(f"realm {realm}: {offset + 1:,.0f}" for (realm,), offset in offsets.items())
    return f"Log records in the tables for analysts: {counts}"


def _scrape(port: int) -> metrics.Scrape:
    url = f"http://127.0.0.1:{port}/metrics"
    return metrics.scrape(url, RESPONSE_SECONDS, [metric.name for metric in _METRICS])
