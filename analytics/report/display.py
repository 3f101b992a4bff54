"""Output of the notebook's cells: paragraphs, figures, tables and folded queries."""

import html
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import pandas as pd
from IPython.display import HTML, Markdown, display
from matplotlib.figure import Figure

from analytics.report import theme
from analytics.report.statistics import InsufficientData
from infra.errors import OperatorError

CSS_PIXELS_PER_INCH = 96  # by the definition of CSS


def write(text: str) -> None:
    """Show a paragraph in Markdown."""
    display(Markdown(text))


def show_figure(figure: Figure, alt: str) -> None:
    """Show a figure; ``alt`` describes it in words for readers who cannot see it."""
    # Render here instead of in a hook of matplotlib, so that the picture belongs to this cell in notebook and page.
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=theme.DPI, metadata={"Software": None})
    picture = b64encode(buffer.getvalue()).decode()
    bundle = {"image/png": picture, "text/plain": f"[figure: {alt}]"}
    width = round(figure.get_figwidth() * CSS_PIXELS_PER_INCH)
    display(bundle, raw=True, metadata={"image/png": {"alt": alt, "width": width}})


def show_table(frame: pd.DataFrame, **formats: str) -> None:
    """Show a frame as a table; ``formats`` give the format of the values of a column, such as ``{:,.0f}``."""
    formatted = frame.copy()
    for column, pattern in formats.items():
        formatted[column] = [pattern.format(value) for value in formatted[column]]
    numeric = [pd.api.types.is_numeric_dtype(frame[column]) for column in frame.columns]
    head = "".join(_cell("th", str(column), right) for column, right in zip(formatted.columns, numeric, strict=True))
    rows = ""
    for row in formatted.itertuples(index=False):
        texts = (f"{value:,}" if isinstance(value, int) else str(value) for value in row)
        rows += f"<tr>{''.join(_cell('td', text, right) for text, right in zip(texts, numeric, strict=True))}</tr>"
    display(HTML(f'<table class="figures"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'))


def _cell(tag: str, text: str, right: bool) -> str:
    attribute = ' class="right"' if right else ""
    return f"<{tag}{attribute}>{html.escape(text)}</{tag}>"


def show_query(name: str, text: str, seconds: float) -> None:
    """Show a query, folded under its question."""
    display(HTML(query_html(name, text, seconds)))


def query_html(name: str, text: str, seconds: float) -> str:
    """Return a query as HTML, folded under its question."""
    first, _, rest = text.partition("\n")
    return (
        f'<details class="query"><summary>{html.escape(first.removeprefix("-- "))} '
        f"<code>{name}</code>, {seconds:.2f} s</summary><pre>{html.escape(rest)}</pre></details>"
    )


@contextmanager
def skip_if_insufficient(question: str) -> Iterator[None]:
    """Replace the output of a block by one sentence if the data is insufficient or a server cannot be reached.

    Too little data is a valid result of the report, not a failure.
    """
    try:
        yield
    except InsufficientData as reason:
        write(f"*Too little data to tell {question}: {reason}.*")
    except OperatorError as reason:
        write(f"*Cannot be told from here: {question}. {reason}*")
