"""Define the look of all figures: seaborn's palette for colour-blind readers, on a white background."""

from typing import Any, Final

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

WIDTH: Final = 8.6  # inches; this is 826 CSS pixels, the width of a text column on the page
HEIGHT: Final = 3.9  # inches; at this height, two plots side by side have a good shape
DPI: Final = 144  # 1.5 dots per CSS pixel, so that figures are sharp on most screens and files stay small

COLOURS: Final[list[Any]] = list(sns.color_palette("colorblind"))
BLUE, ORANGE, GREEN, RED, GREY = (COLOURS[i] for i in (0, 1, 2, 3, 7))
INK: Final = "#222222"


def apply() -> None:
    """Set the look of all figures that are created after this call."""
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
    """Return an empty figure as wide as the report, and its axes, which are placed side by side.

    The caller need not close the figure, because it has no window.
    """
    new_figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = new_figure.subplots(1, columns, squeeze=False, **options)
    return new_figure, list(axes[0])


def label(axes: Axes, title: str, x: str, y: str) -> None:
    """Set the title and the names of the axes."""
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def as_percent(axes: Axes, which: str = "y") -> None:
    """Label an axis with percentages. Its values are shares between 0 and 1."""
    getattr(axes, f"{which}axis").set_major_formatter(PercentFormatter(1, decimals=0))


def with_thousands(axes: Axes, which: str = "y") -> None:
    """Label an axis with separators between thousands: 12345 becomes 12,345."""
    getattr(axes, f"{which}axis").set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def as_dates(axes: Axes) -> None:
    """Label the x axis with at most seven dates in short form, so that the labels do not overlap."""
    axes.xaxis.set_major_locator(mpl.dates.AutoDateLocator(maxticks=7))  # type: ignore[attr-defined]
    axes.xaxis.set_major_formatter(mpl.dates.DateFormatter("%d %b"))  # type: ignore[attr-defined]
