"""Draw the plots of a scenario, in the colours of Okabe and Ito, which are safe for colour-blind people."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

# Use Figure instead of pyplot, because pyplot keeps global state and looks for a screen.
from matplotlib.figure import Figure

from load.scenarios.ab_runner import Run
from load.scenarios.results import Row

_BARS: Final = 60  # number of bars for the plan's whole duration: one bar per second if the plan lasts a minute
_BLUE, _ORANGE, _PURPLE, _BLACK = "#0072B2", "#E69F00", "#CC79A7", "#000000"
_OUTCOMES: Final = {
    "accepted (2xx)": _BLUE,
    "rejected by the game (404, 409, 412, 422)": _ORANGE,
    "rate limit (429)": _PURPLE,
    "other": _BLACK,
}


def latency(rows: dict[str, Row], title: str, file: Path) -> None:
    """Draw a box plot of each action's latency, with whiskers at the 1st and the 99th percentile."""
    measured = {action: row.times for action, row in rows.items() if row.times}
    figure = Figure(figsize=(9, 1.6 + 0.38 * len(measured)), layout="constrained")
    axes = figure.add_subplot()
    names = [f"{action} ({len(times):,})" for action, times in measured.items()]
    axes.boxplot(
        list(measured.values()),
        orientation="horizontal",
        tick_labels=names,
        whis=(1, 99),
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": _BLUE, "alpha": 0.5},
        medianprops={"color": _BLACK, "linewidth": 1.5},
    )
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="milliseconds from the connection to the end of the response (log scale)")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_title(f"{title}: latency by action", loc="left")
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(file, dpi=120)


def over_time(runs: Sequence[Run], seconds: float, title: str, file: Path) -> None:
    """Draw the number of requests per second by outcome. A request counts at the time when its run started."""
    width = max(1.0, seconds / _BARS)
    counts = {name: Counter[int]() for name in _OUTCOMES}
    for run in runs:
        for status, count in run.statuses.items():
            counts[_outcome(status)][int(run.begun / width)] += count
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.add_subplot()
    bars = range(1 + max((int(run.begun / width) for run in runs), default=0))
    below = [0.0] * len(bars)
    for name, colour in _OUTCOMES.items():
        heights = [counts[name][bar] / width for bar in bars]
        if any(heights):
            axes.bar([bar * width for bar in bars], heights, width * 0.9, below, align="edge", color=colour, label=name)
        below = [low + height for low, height in zip(below, heights, strict=True)]
    axes.set(xlabel="seconds since the start", ylabel="requests a second")
    axes.set_title(f"{title}: outcomes of the requests", loc="left")
    axes.legend(frameon=False)
    figure.savefig(file, dpi=120)


def _outcome(status: int) -> str:
    names = list(_OUTCOMES)
    if status // 100 == 2:
        return names[0]
    if status == 429:
        return names[2]
    return names[1] if status in (404, 409, 412, 422) else names[3]
