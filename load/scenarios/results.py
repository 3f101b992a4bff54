"""What ab measured, collected from its many files, summed up by action, and as plots."""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from rich.table import Table

from load.scenarios.ab_runner import Run

_SHOWN = (404, 409, 412, 422, 429, 503)  # the others are one column together


@dataclass
class Row:
    """All runs of one action. ``times`` are milliseconds from the connection to the end of the answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    times: list[int] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self.statuses.total()

    @property
    def accepted(self) -> int:
        """How many were answered 2xx."""
        return sum(n for status, n in self.statuses.items() if status // 100 == 2)

    def percentile(self, percent: int) -> float:
        """Of the times; 0 if there are none."""
        if len(self.times) < 2:
            return float(self.times[0]) if self.times else 0.0
        return quantiles(self.times, n=100, method="inclusive")[percent - 1]


def collect(runs: Sequence[Run], folder: Path, out: Path) -> dict[str, Row]:
    """Read ab's files of these runs from ``folder``, and write what is in them into one file for all requests (-g) and
    one for all percentages (-e)."""
    rows: defaultdict[str, Row] = defaultdict(Row)
    with (
        (out / "requests.csv").open("w", newline="") as first,
        (out / "percentages.csv").open("w", newline="") as second,
    ):
        requests, percentages = csv.writer(first), csv.writer(second)
        requests.writerow(
            ("run", "action", "player", "epoch_second", "connect_ms", "processing_ms", "total_ms", "wait_ms")
        )
        percentages.writerow(("run", "action", "percent", "ms"))
        for run in sorted(runs, key=lambda run: run.number):
            row, name = rows[run.step.action], (run.number, run.step.action)
            row.statuses += run.statuses
            for line in _lines(folder / f"{run.number}.tsv", "\t"):
                requests.writerow((*name, "" if run.step.who is None else run.step.who, *line[1:]))
                row.times.append(int(line[4]))
            percentages.writerows((*name, *line) for line in _lines(folder / f"{run.number}.csv", ","))
    return dict(sorted(rows.items()))


def _lines(file: Path, delimiter: str) -> Iterable[list[str]]:
    """Without the header; nothing for a run that ab has not ended."""
    if not file.exists():
        return []
    with file.open(newline="") as lines:
        return list(csv.reader(lines, delimiter=delimiter))[1:]


def write_summary(rows: dict[str, Row], said: dict[str, Any], out: Path) -> None:
    """The sums, as ``summary.json``."""
    actions = {
        action: {
            "requests": row.requests,
            "accepted": row.accepted,
            "statuses": {str(status): n for status, n in sorted(row.statuses.items())},
            **{f"p{percent}_ms": round(row.percentile(percent), 1) for percent in (50, 95, 99)},
        }
        for action, row in rows.items()
    }
    (out / "summary.json").write_text(json.dumps(said | {"actions": actions}, indent=1) + "\n")


def table(rows: dict[str, Row]) -> Table:
    """For people."""
    result = Table(title="ab's figures", title_justify="left", box=None)
    result.add_column("action")
    shown = [status for status in _SHOWN if any(row.statuses[status] for row in rows.values())]
    for name in ("requests", "2xx", *map(str, shown), "other", "p50", "p95", "p99"):
        result.add_column(name, justify="right")
    for action, row in rows.items():
        known = [row.statuses[status] for status in shown]
        other = row.requests - row.accepted - sum(known)
        counts = (f"{n:,}" for n in (row.requests, row.accepted, *known, other))
        times = (f"{row.percentile(p):.0f} ms" if row.times else "" for p in (50, 95, 99))
        result.add_row(action, *counts, *times)
    return result
