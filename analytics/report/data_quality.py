"""Measure how reliable the data is: how many events came late or twice, and how many records do not count."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from analytics.report import formatting as fmt
from analytics.report import theme
from analytics.report.statistics import Estimate, require, share

#: An event that comes at most this many seconds late counts as in time. One second is enough for the network and for
#: the difference between the two clocks.
IN_TIME_SECONDS = 1


def lateness(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the column ``share``: the share of events that came within ``within_seconds``.

    Generated events and live events have separate shares.
    """
    require(float(frame["events"].sum()) if len(frame) else 0, "events")
    rows = frame.assign(generated=frame["generated"].astype(bool)).sort_values(["generated", "within_seconds"])
    groups = rows.groupby("generated")["events"]
    rows["share"] = groups.cumsum() / groups.transform("sum")
    return rows


def late(rows: pd.DataFrame) -> Estimate:
    """Estimate the share of the events that came late."""
    in_time = rows.loc[rows["within_seconds"] <= IN_TIME_SECONDS, "events"].sum()
    total = float(rows["events"].sum())
    return share(total - float(in_time), total)


def waits_for(rows: pd.DataFrame, part: float) -> float:
    """Return how many seconds after the end of a day at least the share ``part`` of its events has arrived."""
    arrived = rows.groupby("within_seconds")["events"].sum().sort_index().cumsum()
    sufficient = arrived[arrived >= part * arrived.iloc[-1]]
    return float(sufficient.index[0])


def plot_lateness(rows: pd.DataFrame) -> Figure:
    """Plot how many events came more than a second late, grouped by how late they came."""
    figure, (axes,) = theme.figure(height=3.2)
    slow = rows[rows["within_seconds"] > IN_TIME_SECONDS]
    require(float(slow["events"].sum()), "late events", 1)
    steps = sorted(slow["within_seconds"].unique())
    names = [f"≤ {fmt.seconds(step)}" if step < 86400 else "longer" for step in steps]
    kinds = ((True, "generated", theme.BLUE, ""), (False, "live", theme.ORANGE, "//"))
    for i, (generated, title, colour, hatch) in enumerate(kinds):
        events = slow[slow["generated"] == generated].set_index("within_seconds")["events"].reindex(steps).fillna(0)
        if events.sum():
            shift = (i - 0.5) * 0.38 if slow["generated"].nunique() > 1 else 0.0
            places = [place + shift for place in range(len(steps))]
            bars = axes.bar(places, events, 0.38, color=colour, hatch=hatch, label=title)
            axes.bar_label(bars, [f"{n:,.0f}" for n in events], fontsize=8)
    axes.set_xticks(range(len(steps)), names)
    axes.legend()
    theme.with_thousands(axes)
    theme.label(axes, "Events that came more than a second late", "how late", "events")
    return figure


def lateness_text(rows: pd.DataFrame) -> str:
    """Describe in sentences how many events came late, and how late."""
    longest = float(rows["longest"].max())
    return (
        f"{fmt.percent(late(rows), 3)} of the events came more than a second after they happened, the latest one after "
        f"{fmt.seconds(longest)}. Both times are kept, no event is dropped for being late, and every figure here "
        "counts an event at the time at which it happened. The lateness of a live event is Kafka's time minus its own. "
        "Generated events are written weeks after their own time; they count as late if they follow newer events of "
        "their day."
    )


def twice(totals: Mapping[str, int]) -> Estimate:
    """Estimate the share of records that came twice.

    View events are left out, because the ledger does not remember their ids. ``totals`` maps each outcome in the ledger
    to its number of records.
    """
    return share(totals.get("duplicate", 0), sum(totals.values()) - totals.get("telemetry", 0))


def records_text(totals: dict[str, int], quarantined: int) -> str:
    """Describe in sentences which records do not count.

    ``totals`` maps each outcome in the ledger to its number of records.
    """
    total = sum(totals.values())
    kinds = {
        "duplicate": "came twice",
        "stale": "belonged to an ended generation",
        "voided": "had been voided",
        "rejected": "would have broken a rule of the ledger",
    }
    parts = [f"{fmt.count(totals.get(code, 0))} {reason}" for code, reason in kinds.items()]
    return (
        f"Of {fmt.count(total)} records of the log, {fmt.listed(parts)}; {fmt.count(quarantined)} were not valid "
        "events and are in quarantine with the reason. This report counts none of them, and HDFS keeps each of them."
    )
