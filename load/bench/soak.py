"""Measure whether the number of data files stays bounded: ``python -m load.bench.soak --home HOME --name with``.

The program writes a few records per second into every realm of a running instance, so that each commit by landing
contains records from each realm. About once per commit, the program counts the files of the tables. Landing commits
every five seconds, so 720 commits take an hour. They take half an hour if ``land_seconds``, ``derive_seconds`` and
``maintenance_seconds`` are all halved. Halve all three or none, because the result depends on the number of commits
between two rounds of maintenance. The program writes ``soak-NAME.csv``, and ``soak.png`` with one curve for each such
CSV file in the folder.
"""

import csv
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from game.accounts import Transfer
from game.events import encode, new_event
from infra import metrics
from infra.kafka.clients import open_producer
from infra.presto import fetch
from infra.settings import Settings
from stack.instance import Instance, open_instance
from state.connection import connect
from state.ledger import Ledger

TABLES = ("events", "actions", "transfers")
WRITE_SECONDS = 1.0  # shorter than the time between two commits; writing more often would only keep the machine busy
SAMPLE_SECONDS = 5.0  # pause between two samples, because each sample runs three queries in Presto
COLUMNS = ("commits", "seconds", *(f"{table}_{what}" for table in TABLES for what in ("files", "most")))

# The colours of Okabe and Ito, which are safe for colour-blind people. The line styles tell the curves apart in print
# without colours.
_COLOURS, _STYLES = ("#0072B2", "#D55E00", "#009E73"), ("-", "--", ":")


@click.command()
@click.option("--home", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of the instance.")
@click.option("--name", default="with", show_default=True, help="Name of the curve.")
@click.option("--commits", default=720, show_default=True, help="Number of commits of landing.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, exists=True),
    default="docs/benchmarks/soak",
    show_default=True,
    help="Folder for the results.",
)
def main(home: Path, name: str, commits: int, folder: Path) -> None:
    """Count the data files of a running instance while it commits."""
    instance = open_instance(home)
    stop = threading.Event()
    writer = threading.Thread(target=write, args=(instance.settings(), stop))
    writer.start()
    try:
        with (folder / f"soak-{name}.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for row in samples(instance, commits):
                table.writerow(row)
                file.flush()
    finally:
        stop.set()
        writer.join()
    draw(folder)


def write(settings: Settings, stop: threading.Event) -> None:
    """Write an event with a transfer and a view event to each realm every WRITE_SECONDS, until ``stop`` is set."""
    ledger = Ledger(connect(settings))
    generations = {realm: ledger.snapshot(realm).generation for realm in range(settings.realms)}
    producer = open_producer(settings)
    gold = (Transfer("house:mint", "player:soak:gold", 1),)
    while not stop.wait(WRITE_SECONDS):
        for realm, generation in generations.items():
            for event_type, transfers in (("soaked", gold), ("shop_viewed", ())):
                event = new_event(
                    event_id=str(uuid.uuid4()),
                    event_type=event_type,
                    realm=realm,
                    player="soak",
                    at=datetime.now(UTC),
                    generation=generation,
                    transfers=transfers,
                )
                producer.send(settings.topic, key=b"soak", value=encode(event), partition=realm)
    producer.close()


def samples(instance: Instance, commits: int) -> Iterator[list[float]]:
    """Yield rows with the values of COLUMNS, until landing has committed ``commits`` times."""
    first, begun = landed_batches(instance), time.monotonic()
    while (done := landed_batches(instance) - first) < commits:
        row: list[float] = [done, round(time.monotonic() - begun, 1)]
        for table in TABLES:
            partitions = files(instance, table)
            row += [partitions.total(), max(partitions.values(), default=0)]
        click.echo(" ".join(str(value) for value in row))
        yield row
        time.sleep(SAMPLE_SECONDS)


def landed_batches(instance: Instance) -> int:
    """Return the number of micro-batches that have landed since streaming was started."""
    name = f"{metrics.BATCH_SECONDS.name}_count"
    url = f"http://127.0.0.1:{instance.port('streaming_metrics')}/metrics"
    return int(metrics.scrape(url, 10, [name])[name].get(("land",), 0))


def files(instance: Instance, table: str) -> Counter[str]:
    """Return the number of data files in each partition of the table, as Presto sees them now."""
    paths = fetch(instance.settings(), f'select file_path from "{table}$files"').rows  # noqa: S608 - our own names
    return Counter(re.sub(r".*/data/|/?[^/]+$", "", path) for (path,) in paths)


def draw(folder: Path) -> None:
    """Draw one picture with a curve for each CSV file in the folder."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots(1, len(TABLES), sharex=True)
    for table, axis in zip(TABLES, axes, strict=True):
        for index, path in enumerate(sorted(folder.glob("soak-*.csv"))):
            draw_curve(axis, path, table, index)
        axis.set(title=f"table {table}", xlabel="commits of landing", ylim=(0, None))
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("files in the largest partition")
    axes[0].legend(frameon=False)
    figure.savefig(folder / "soak.png", dpi=120)


def draw_curve(axis: Axes, path: Path, table: str, index: int) -> None:
    """Draw the curve of one file. ``index`` selects the colour and the line style."""
    with path.open(newline="") as file:
        rows = [(float(row["commits"]), float(row[f"{table}_most"])) for row in csv.DictReader(file)]
    x, y = [row[0] for row in rows], [row[1] for row in rows]
    name = f"{path.stem.removeprefix('soak-')} maintenance"
    axis.plot(x, y, _STYLES[index % len(_STYLES)], color=_COLOURS[index % len(_COLOURS)], label=name)


if __name__ == "__main__":
    main()
