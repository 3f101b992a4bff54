"""Draw a diagram of the pipeline, with figures from the current run."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from analytics.report import theme

# Each box has a name, its task in words for a manager, its x and y position in a field of 10 by 5, and a colour.
_BOXES = (
    ("Players", "buy, fight, trade", 0.1, 2.0, theme.GREY),
    ("API", "checks the rules,\nsets the price aside", 2.1, 2.0, theme.BLUE),
    ("Kafka", "the log: accepted\nevents, in order", 4.2, 2.0, theme.ORANGE),
    ("Spark: settle", "moves gold and items", 6.3, 3.6, theme.GREEN),
    ("Redis", "the balances that\nplayers see", 8.4, 3.6, theme.BLUE),
    ("Spark: land", "writes tables", 6.3, 0.4, theme.GREEN),
    ("HDFS + Presto", "the tables that\nanalysts query", 8.4, 0.4, theme.BLUE),
)
_WIDTH, _HEIGHT = 1.5, 1.05


def pipeline(figures: dict[str, str]) -> Figure:
    """Draw boxes and arrows. ``figures`` maps the name of a box to a line of text that is shown under the box."""
    figure, (axes,) = theme.figure(height=3.7)
    axes.set_xlim(0, 10)
    axes.set_ylim(-0.35, 5.75)
    axes.axis("off")
    for name, task, x, y, colour in _BOXES:
        box = FancyBboxPatch((x, y), _WIDTH, _HEIGHT, boxstyle="round,pad=0.05", facecolor="white", edgecolor=colour)
        box.set_linewidth(2)
        axes.add_patch(box)
        middle = x + _WIDTH / 2
        axes.text(middle, y + 0.82, name, ha="center", va="center", weight="bold", fontsize=9)
        axes.text(middle, y + 0.34, task, ha="center", va="center", fontsize=7.5)
        if name in figures:
            axes.text(middle, y - 0.25, figures[name], ha="center", va="center", fontsize=7.5, color=theme.INK)
    for begin, end, bend in (
        ((1.65, 2.5), (2.05, 2.5), 0),
        ((3.65, 2.5), (4.15, 2.5), 0),
        ((5.75, 2.75), (6.25, 4.0), -0.15),
        ((5.75, 2.3), (6.25, 1.0), 0.15),
        ((7.85, 4.1), (8.35, 4.1), 0),
        ((7.85, 0.9), (8.35, 0.9), 0),
    ):
        _arrow(axes, begin, end, bend)
    _arrow(axes, (8.9, 4.75), (2.85, 3.15), 0.2, dashed=True)
    axes.text(2.9, 4.5, "how much a\nplayer may spend", fontsize=7.5, ha="center")
    _arrow(axes, (9.15, 3.2), (9.15, 1.55), 0, both=True)
    axes.text(9.05, 2.45, "reconciliation:\nevery balance equal", fontsize=7.5, ha="right", va="center")
    return figure


def _arrow(
    axes: Axes,
    begin: tuple[float, float],
    end: tuple[float, float],
    bend: float,
    *,
    dashed: bool = False,
    both: bool = False,
) -> None:
    style = {
        "arrowstyle": "<->" if both else "->",
        "color": theme.INK,
        "linestyle": "--" if dashed else "-",
        "connectionstyle": f"arc3,rad={bend}",
        "linewidth": 1.2,
    }
    axes.annotate("", xy=end, xytext=begin, arrowprops=style)
