"""The state of the tables on HDFS, as the streaming application tells it to Prometheus."""

from collections.abc import Iterator
from datetime import UTC, datetime

import requests
from rich.console import RenderableType
from rich.table import Table

from infra import metrics
from stack.instance import Instance

ANSWER_SECONDS = 2.0

_ASKED_FOR = (metrics.TABLE_FILES, metrics.PARTITION_FILES, metrics.MAINTENANCE_ENDED, metrics.DERIVED_OFFSET)


def table_lines(instance: Instance) -> Iterator[RenderableType]:
    """How many files each table has and when maintenance last ended; one line if the streams do not say."""
    try:
        found = _scrape(instance.settings().streaming_metrics_port)
    except requests.RequestException:
        yield "[yellow]No figures of the tables: the streams do not answer.[/]"
        return
    ended = found[metrics.MAINTENANCE_ENDED.name].get((), 0.0)
    files, most = found[metrics.TABLE_FILES.name], found[metrics.PARTITION_FILES.name]
    yield _derived(found[metrics.DERIVED_OFFSET.name])
    if not ended:
        yield "Maintenance of the tables has not run yet."
        return
    when = f"{datetime.fromtimestamp(ended, UTC):%F %T} UTC"
    table = Table(title=f"Tables after the maintenance of {when}", title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("table")
    for name in ("files", "most in one partition"):
        table.add_column(name, justify="right")
    for (name,), count in files.items():
        table.add_row(name, f"{count:,.0f}", f"{most.get((name,), 0):,.0f}")
    yield table


def derived_offsets(port: int) -> dict[int, int]:
    """Realm -> the offset up to which ``actions`` and ``transfers`` tell of it. Raises requests.RequestException."""
    return {int(realm): int(offset) for (realm,), offset in _scrape(port)[metrics.DERIVED_OFFSET.name].items()}


def _derived(offsets: dict[tuple[str, ...], float]) -> str:
    if not offsets:
        return "The tables for analysts are not derived yet."
    past = ", ".join(f"{realm}: {offset + 1:,.0f}" for (realm,), offset in offsets.items())
    return f"Records in the tables for analysts, by realm: {past}"


def _scrape(port: int) -> metrics.Scrape:
    return metrics.scrape(f"http://127.0.0.1:{port}/metrics", ANSWER_SECONDS, [metric.name for metric in _ASKED_FOR])
