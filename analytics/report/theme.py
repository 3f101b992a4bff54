"""The look of all figures: seaborn's palette for colour-blind readers, on white."""

from typing import Any, Final

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

WIDTH: Final = 8.6  # inches: 826 CSS pixels, a column of text on the page
HEIGHT: Final = 3.9  # inches: a width to height ratio that fits two plots side by side
DPI: Final = 144  # one and a half dots for each CSS pixel: sharp on most screens, and the files stay small

COLOURS: Final[list[Any]] = list(sns.color_palette("colorblind"))
BLUE, ORANGE, GREEN, RED, GREY = (COLOURS[i] for i in (0, 1, 2, 3, 7))
INK: Final = "#222222"


def apply() -> None:
    """Set the look of all figures that are made later."""
    sns.set_theme(context="notebook", style="whitegrid", palette="colorblind", font_scale=0.9)
    mpl.rcParams.update(
        {
            "figure.dpi": DPI,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "axes.edgecolor": "#999999",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "grid.color": "#e4e4e4",
            "legend.frameon": False,
            "svg.fonttype": "none",
        }
    )


def figure(columns: int = 1, height: float = HEIGHT, **options: Any) -> tuple[Figure, list[Axes]]:
    """Return an empty figure of the report's width with axes side by side. It needs no closing: it has no window."""
    new_figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = new_figure.subplots(1, columns, squeeze=False, **options)
    return new_figure, list(axes[0])


def label(axes: Axes, title: str, x: str, y: str) -> None:
    """Set the title and the names of the axes."""
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def as_percent(axes: Axes, which: str = "y") -> None:
    """Show shares between 0 and 1 in per cent."""
    getattr(axes, f"{which}axis").set_major_formatter(PercentFormatter(1, decimals=0))


def with_thousands(axes: Axes, which: str = "y") -> None:
    """Show 12345 as 12,345."""
    getattr(axes, f"{which}axis").set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def as_dates(axes: Axes) -> None:
    """Show at most seven dates, in short form, so that they do not overlap."""
    axes.xaxis.set_major_locator(mpl.dates.AutoDateLocator(maxticks=7))  # type: ignore[attr-defined]
    axes.xaxis.set_major_formatter(mpl.dates.DateFormatter("%d %b"))  # type: ignore[attr-defined]
