"""Read the measurements from ab's many files, and sum them up by action."""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from load.scenarios.ab_output import PERCENTILES, percentile, read_rows, total_ms
from load.scenarios.ab_runner import Run

_SHOWN_STATUSES = (404, 409, 412, 422, 429, 503)  # each has its own column; all other statuses share one


@dataclass
class Row:
    """Sums over all runs of one action.

    ``times`` has the milliseconds of each request, from the connection to the end of the response.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    times: list[int] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """The number of requests that were sent."""
        return self.statuses.total()

    @property
    def accepted(self) -> int:
        """The number of responses with a 2xx status."""
        return sum(n for status, n in self.statuses.items() if status // 100 == 2)


def collect(runs: Sequence[Run], folder: Path, out: Path) -> dict[str, Row]:
    """Read the files that ab wrote for these runs into ``folder``, and return the sums for each action.

    The function also merges these files into two files in ``out``: ``requests.csv`` with all requests (ab -g) and
    ``percentages.csv`` with all percentages (ab -e).
    """
    rows: defaultdict[str, Row] = defaultdict(Row)
    with (
        (out / "requests.csv").open("w", newline="") as requests_file,
        (out / "percentages.csv").open("w", newline="") as percentages_file,
    ):
        requests, percentages = csv.writer(requests_file), csv.writer(percentages_file)
        requests.writerow(
            ("run", "action", "player", "epoch_second", "connect_ms", "processing_ms", "total_ms", "wait_ms")
        )
        percentages.writerow(("run", "action", "percent", "ms"))
        for run in sorted(runs, key=lambda run: run.index):
            row, key = rows[run.step.action], (run.index, run.step.action)
            row.statuses += run.statuses
            for line in read_rows(folder / f"{run.index}.tsv", "\t"):
                requests.writerow((*key, "" if run.step.player is None else run.step.player, *line[1:]))
                row.times.append(total_ms(line))
            percentages.writerows((*key, *line) for line in read_rows(folder / f"{run.index}.csv", ","))
    return dict(sorted(rows.items()))


def write_summary(rows: dict[str, Row], facts: dict[str, Any], out: Path) -> None:
    """Write the sums, and the facts about the run, into ``summary.json``."""
    actions = {
        action: {
            "requests": row.requests,
            "accepted": row.accepted,
            "statuses": {str(status): n for status, n in sorted(row.statuses.items())},
            **{f"p{percent}_ms": round(percentile(row.times, percent), 1) for percent in PERCENTILES},
        }
        for action, row in rows.items()
    }
    (out / "summary.json").write_text(json.dumps(facts | {"actions": actions}, indent=1) + "\n")


def table(rows: dict[str, Row]) -> Table:
    """Return the sums as a table for the terminal."""
    result = Table(title="Results of Apache Bench", title_justify="left", box=None)
    result.add_column("action")
    shown = [status for status in _SHOWN_STATUSES if any(row.statuses[status] for row in rows.values())]
    for name in ("requests", "2xx", *map(str, shown), "other", *(f"p{percent}" for percent in PERCENTILES)):
        result.add_column(name, justify="right")
    for action, row in rows.items():
        known = [row.statuses[status] for status in shown]
        other = row.requests - row.accepted - sum(known)
        counts = (f"{n:,}" for n in (row.requests, row.accepted, *known, other))
        times = (f"{percentile(row.times, percent):.0f} ms" if row.times else "" for percent in PERCENTILES)
        result.add_row(action, *counts, *times)
    return result
