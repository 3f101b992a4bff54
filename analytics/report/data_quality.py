"""How far the data can be trusted: what came late, twice or not at all."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from analytics.report import formatting as fmt
from analytics.report import theme
from analytics.report.statistics import Estimate, require, share

#: How late an event may be and still count as in time: a second is the network and the two clocks' milliseconds.
IN_TIME_SECONDS = 1


def lateness(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows with ``share``: of the events of its kind (generated or live) that came within so many seconds."""
    require(float(frame["events"].sum()) if len(frame) else 0, "events")
    rows = frame.assign(generated=frame["generated"].astype(bool)).sort_values(["generated", "within_seconds"])
    groups = rows.groupby("generated")["events"]
    rows["share"] = groups.cumsum() / groups.transform("sum")
    return rows


def late(rows: pd.DataFrame) -> Estimate:
    """The share of the events that came late."""
    in_time = rows.loc[rows["within_seconds"] <= IN_TIME_SECONDS, "events"].sum()
    total = float(rows["events"].sum())
    return share(total - float(in_time), total)


def waits_for(rows: pd.DataFrame, part: float) -> float:
    """How many seconds after its end a day has this part of its events, at most."""
    together = rows.groupby("within_seconds")["events"].sum().sort_index().cumsum()
    enough = together[together >= part * together.iloc[-1]]
    return float(enough.index[0])


def plot_lateness(rows: pd.DataFrame) -> Figure:
    """The events that did not come within a second, by how late they came."""
    figure, (axes,) = theme.figure(height=3.2)
    slow = rows[rows["within_seconds"] > IN_TIME_SECONDS]
    require(float(slow["events"].sum()), "late events", 1)
    steps = sorted(slow["within_seconds"].unique())
    names = [f"≤ {fmt.seconds(step)}" if step < 86400 else "longer" for step in steps]
    kinds = ((True, "generated", theme.BLUE, ""), (False, "live", theme.ORANGE, "//"))
    for i, (generated, title, colour, hatch) in enumerate(kinds):
        found = slow[slow["generated"] == generated].set_index("within_seconds")["events"].reindex(steps).fillna(0)
        if found.sum():
            shift = (i - 0.5) * 0.38 if slow["generated"].nunique() > 1 else 0.0
            places = [place + shift for place in range(len(steps))]
            bars = axes.bar(places, found, 0.38, color=colour, hatch=hatch, label=title)
            axes.bar_label(bars, [f"{n:,.0f}" for n in found], fontsize=8)
    axes.set_xticks(range(len(steps)), names)
    axes.legend()
    theme.with_thousands(axes)
    theme.label(axes, "Events that came more than a second late", "how late", "events")
    return figure


def lateness_text(rows: pd.DataFrame) -> str:
    """What came late, in sentences."""
    longest = float(rows["longest"].max())
    return (
        f"{fmt.percent(late(rows), 3)} of the events came more than a second after they happened, the latest one "
        "after "
        f"{fmt.seconds(longest)}. Both times are kept, no event is dropped for being late, and every figure here "
        "counts "
        "it at the time at which it happened. A live event's lateness is Kafka's time minus its own; generated "
        "events are "
        "written weeks after their own time, so that they count as late when they stand behind younger ones of "
        "their day."
    )


def twice(totals: Mapping[str, int]) -> Estimate:
    """The share of the records that came twice. Looks are left out: the ledger does not remember their ids."""
    return share(totals.get("duplicate", 0), sum(totals.values()) - totals.get("telemetry", 0))


def records_text(totals: dict[str, int], quarantined: int) -> str:
    """What of the log does not count, in sentences. ``totals`` are the ledger's."""
    every = sum(totals.values())
    kinds = {"duplicate": "came twice", "stale": "were of an ended generation", "voided": "had been voided",
             "rejected": "would have broken the books"}  # fmt: skip
    parts = [f"{fmt.count(totals.get(code, 0))} {what}" for code, what in kinds.items()]
    return (
        f"Of {fmt.count(every)} records of the log {fmt.listed(parts)}; {fmt.count(quarantined)} were no "
        "events and "
        "lie in quarantine with the reason. None of them is counted in this report, and each is kept on HDFS."
    )
