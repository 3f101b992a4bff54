"""Sum up, for each action, what ab measured when ``load/data_generator.sh`` ran."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from load.scenarios.ab_output import PERCENTILES, parse_report, percentile, read_rows, total_ms


@dataclass
class SmokeRow:
    """Sums over all runs of one action.

    ``times`` has the milliseconds of each request, from the connection to the end of the response.
    """

    complete: int = 0
    accepted: int = 0
    failed: int = 0
    times: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Figures:
    """The sums for each action. ``registered`` is the number of named players, who were registered without ab."""

    rows: dict[str, SmokeRow]
    registered: int

    @property
    def accepted(self) -> int:
        """The number of responses with a 2xx status."""
        return sum(row.accepted for row in self.rows.values()) + self.registered

    def table(self) -> Table:
        """Return the sums as a table for the terminal."""
        table = Table(title="Results of Apache Bench", title_justify="left", box=None)
        table.add_column("action")
        for name in ("requests", "2xx", "rejected", "failed", *(f"p{percent}" for percent in PERCENTILES)):
            table.add_column(name, justify="right")
        for action, row in self.rows.items():
            rejected = row.complete - row.accepted - row.failed
            counts = (f"{n:,}" for n in (row.complete, row.accepted, rejected, row.failed))
            table.add_row(action, *counts, *(f"{percentile(row.times, percent):.0f} ms" for percent in PERCENTILES))
        table.add_row("named players", str(self.registered), str(self.registered), "0", "0")
        return table


def read_figures(folder: Path) -> Figures:
    """Sum up the reports in the folder, and write the sums to ``figures.json`` in the same folder.

    A report is named ``ACTION-NAME.txt``. Raises ValueError if a file with such a name is not a report from ab.
    """
    rows: dict[str, SmokeRow] = {}
    for report in sorted(folder.glob("*-*.txt")):
        counts = parse_report(report.read_text())
        row = rows.setdefault(report.name.partition("-")[0], SmokeRow())
        row.complete += counts.complete
        row.accepted += counts.complete - counts.non_2xx - counts.failed
        row.failed += counts.failed
        row.times += [total_ms(line) for line in read_rows(report.with_suffix(".tsv"), "\t")]
    registered = int((folder / "registered.txt").read_text())
    _write_figures(folder / "figures.json", rows, registered)
    return Figures(rows, registered)


def _write_figures(file: Path, rows: dict[str, SmokeRow], registered: int) -> None:
    actions = {
        action: {
            "complete": row.complete,
            "accepted": row.accepted,
            "failed": row.failed,
            **{f"p{percent}_ms": round(percentile(row.times, percent), 1) for percent in PERCENTILES},
        }
        for action, row in rows.items()
    }
    file.write_text(json.dumps({"registered": registered, "actions": actions}, indent=1) + "\n")
