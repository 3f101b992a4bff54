"""Where the figures come from: the running instance, asked through PyHive, into pandas."""

import html
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from IPython.display import HTML, Markdown, display
from matplotlib.figure import Figure

from analytics import queries
from analytics.report import theme
from analytics.report.formatting import count
from analytics.report.statistics import InsufficientData
from infra.errors import OperatorError
from infra.paths import ROOT
from infra.presto import fetch
from infra.settings import Settings
from stack.instance import Instance, open_instance

#: The report's own queries begin with this, so that they stand together among the ready-made ones.
PREFIX = "report_"

# PyHive hands dates and times over as text.
_MOMENTS = frozenset({"day", "cohort", "moment", "minute"})


@dataclass
class Source:
    """An instance that is asked. ``asked`` remembers each question, and how many seconds and rows it took; without an
    ``instance`` only what the settings name can be reached, as from the notebook's container."""

    settings: Settings
    instance: Instance | None = None
    asked: list[tuple[str, float, int]] = field(default_factory=list)

    def frame(self, name: str) -> pd.DataFrame:
        """The answer to a ready-made query; the query is shown beside it, folded. Raises OperatorError."""
        text = queries.load(PREFIX + name)
        begun = time.monotonic()
        answer = fetch(self.settings, text)
        seconds = time.monotonic() - begun
        self.asked.append((PREFIX + name, seconds, len(answer.rows)))
        display(HTML(shown_query(PREFIX + name, text, seconds)))
        return typed(pd.DataFrame(answer.rows, columns=answer.columns))

    def times(self) -> pd.DataFrame:
        """A row for each question that was asked."""
        return pd.DataFrame(self.asked, columns=["query", "seconds", "rows"])


def connect() -> Source:
    """The instance that GUILDHALL_HOME names, else the one that the environment describes server by server, else the
    project's own. Raises OperatorError if there is none."""
    home = os.environ.get("GUILDHALL_HOME")
    if not home and "GUILDHALL_PRESTO_PORT" in os.environ:
        return Source(Settings())
    folder = Path(home) if home else ROOT / ".guildhall"
    if not (folder / "instance.json").exists():
        raise OperatorError(f"there is no instance in {folder}: ./guildhall up")
    instance = open_instance(folder)
    return Source(instance.settings(), instance)


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with dates and times as such, by the names of their columns."""
    for column in frame.columns:
        if column in _MOMENTS or str(column).endswith("_at"):
            frame[column] = pd.to_datetime(frame[column])
    return frame


def shown_query(name: str, text: str, seconds: float) -> str:
    """A query as HTML, folded under what it answers."""
    first, _, rest = text.partition("\n")
    return (
        f'<details class="query"><summary>{html.escape(first.removeprefix("-- "))} '
        f"<code>{name}</code>, {seconds:.2f} s</summary><pre>{html.escape(rest)}</pre></details>"
    )


def say(text: str) -> None:
    """A paragraph of the report, in Markdown."""
    display(Markdown(text))


def show(figure: Figure, alt: str) -> None:
    """A figure of the report, with what it shows in words for who does not see it."""
    # The bytes are made here, so that the picture belongs to this cell in a notebook as well as in a page.
    from base64 import b64encode
    from io import BytesIO

    written = BytesIO()
    figure.savefig(written, format="png", dpi=theme.DPI, metadata={"Software": None})
    picture = b64encode(written.getvalue()).decode()
    bundle = {"image/png": picture, "text/plain": f"[figure: {alt}]"}
    width = round(figure.get_figwidth() * 96)
    display(bundle, raw=True, metadata={"image/png": {"alt": alt, "width": width}})


def table(frame: pd.DataFrame, **formats: str) -> None:
    """A frame as a table; ``formats`` say how the values of a column are written, such as ``{:,.0f}``."""
    shown = frame.copy()
    for column, pattern in formats.items():
        shown[column] = [pattern.format(value) for value in shown[column]]
    right = [i for i, column in enumerate(frame.columns) if pd.api.types.is_numeric_dtype(frame[column])]
    lines = ["".join(f"<th{_side(i in right)}>{html.escape(str(c))}</th>" for i, c in enumerate(shown.columns))]
    for row in shown.itertuples(index=False):
        cells = (f"{value:,}" if isinstance(value, int) else str(value) for value in row)
        lines.append("".join(f"<td{_side(i in right)}>{html.escape(cell)}</td>" for i, cell in enumerate(cells)))
    rows = "".join(f"<tr>{line}</tr>" for line in lines[1:])
    display(HTML(f'<table class="figures"><thead><tr>{lines[0]}</tr></thead><tbody>{rows}</tbody></table>'))


def _side(right: bool) -> str:
    return ' class="right"' if right else ""


@contextmanager
def skip_if_insufficient(question: str) -> Iterator[None]:
    """Within it, a question may turn out to ask more than the data can tell, or than can be reached from here. That is
    an answer, too, and no failure of the report."""
    try:
        yield
    except InsufficientData as reason:
        say(f"*Too little data to tell {question}: {reason}.*")
    except OperatorError as reason:
        say(f"*Cannot be told from here: {question}. {reason}*")


def query_log(source: Source) -> str:
    """How long the questions took, in a sentence."""
    times = source.times()
    slowest = times.sort_values("seconds").iloc[-1]
    return (
        f"Presto answered {count(len(times), 'question', 'questions')} in {times['seconds'].sum():.1f} s together; the "
        f"slowest, `{slowest['query']}`, took {slowest['seconds']:.2f} s."
    )
