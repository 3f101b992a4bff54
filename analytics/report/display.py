"""Show output in the notebook's cells: paragraphs, figures, tables and folded queries."""

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
    """Show a figure. ``alt`` describes the figure in words for readers who cannot see it."""
    # Render here and not in a matplotlib hook, so that both notebook and page show the picture with this cell.
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=theme.DPI, metadata={"Software": None})
    picture = b64encode(buffer.getvalue()).decode()
    bundle = {"image/png": picture, "text/plain": f"[figure: {alt}]"}
    width = round(figure.get_figwidth() * CSS_PIXELS_PER_INCH)
    display(bundle, raw=True, metadata={"image/png": {"alt": alt, "width": width}})


def show_table(frame: pd.DataFrame, **formats: str) -> None:
    """Show a frame as a table. ``formats`` maps a column to the format for its values, such as ``{:,.0f}``."""
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
    """Show a query's SQL, folded under the question that the query answers."""
    display(HTML(query_html(name, text, seconds)))


def query_html(name: str, text: str, seconds: float) -> str:
    """Return HTML with a query's SQL, folded under the question that the query answers."""
    first, _, rest = text.partition("\n")
    return (
        f'<details class="query"><summary>{html.escape(first.removeprefix("-- "))} '
        f"<code>{name}</code>, {seconds:.2f} s</summary><pre>{html.escape(rest)}</pre></details>"
    )


@contextmanager
def skip_if_insufficient(question: str) -> Iterator[None]:
    """Show one sentence instead of the block's output if there is too little data or a server is unreachable.

    Too little data is a valid result for the report, not a failure.
    """
    try:
        yield
    except InsufficientData as reason:
        write(f"*Too little data to tell {question}: {reason}.*")
    except OperatorError as reason:
        write(f"*Cannot be told from here: {question}. {reason}*")
