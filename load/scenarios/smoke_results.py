"""Reads what ab wrote and sums it up by kind of action."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table


@dataclass
class Row:
    """All runs of one kind of action; the percentile is that of the slowest of them."""

    complete: int = 0
    accepted: int = 0
    failed: int = 0
    slowest_p95_ms: int = 0


@dataclass(frozen=True)
class Figures:
    """By kind of action. ``registered`` players came without ab."""

    rows: dict[str, Row]
    registered: int

    @property
    def accepted(self) -> int:
        """Requests that were answered 2xx."""
        return sum(row.accepted for row in self.rows.values()) + self.registered

    def table(self) -> Table:
        """For people."""
        table = Table(title="ab's figures", title_justify="left", box=None)
        table.add_column("action")
        for name in ("requests", "accepted (2xx)", "refused", "failed", "p95 of the slowest run"):
            table.add_column(name, justify="right")
        for kind, row in self.rows.items():
            refused = row.complete - row.accepted
            table.add_row(
                kind,
                f"{row.complete:,}",
                f"{row.accepted:,}",
                f"{refused:,}",
                str(row.failed),
                f"{row.slowest_p95_ms} ms",
            )
        table.add_row("named players", str(self.registered), str(self.registered), "0", "0", "")
        return table


def parse_ab(text: str) -> tuple[int, int, int, int]:
    """(complete, non-2xx, failed, 95th percentile in ms) of ab's report. Raises ValueError if it is none."""

    def number(label: str, default: str | None = None) -> int:
        found = re.search(rf"^\s*{label}:?\s+(\d+)", text, re.MULTILINE)
        if not found and default is None:
            raise ValueError(f"no {label!r} in ab's report")
        return int(found.group(1) if found else default or 0)

    return number("Complete requests"), number("Non-2xx responses", "0"), number("Failed requests"), number("95%", "0")


def read_figures(folder: Path) -> Figures:
    """Sum up the reports in the folder, and keep the sums there as ``figures.json``."""
    rows: dict[str, Row] = {}
    for report in sorted(folder.glob("*-*.txt")):
        complete, non_2xx, failed, p95 = parse_ab(report.read_text())
        row = rows.setdefault(report.name.partition("-")[0], Row())
        row.complete += complete
        row.accepted += complete - non_2xx - failed
        row.failed += failed
        row.slowest_p95_ms = max(row.slowest_p95_ms, p95)
    registered = int((folder / "registered.txt").read_text())
    summary = {kind: asdict(row) for kind, row in rows.items()}
    (folder / "figures.json").write_text(json.dumps({"registered": registered, "actions": summary}, indent=1) + "\n")
    return Figures(rows, registered)
