"""Format Presto's results as tables for people and as CSV for programs."""

import csv
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any, TextIO

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from infra.presto import QueryResult
from infra.terminal import printable

MAX_WIDTH = 100_000  # characters per line; rich needs a limit, and no result comes near this one

#: The columns that Presto returns for ``explain``: a single one with this name.
_PLAN_COLUMNS = ["Query Plan"]


def text_of(value: Any) -> str:
    """Return a value as text.

    Null becomes an empty string, and a Boolean becomes ``true`` or ``false``. Bytes become hexadecimal digits, and
    arrays and maps become JSON.
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case bytes():
            return value.hex()
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def content_of(result: QueryResult) -> RenderableType:
    """Return what to print for a result: usually a table.

    The result of an ``explain`` is returned as lines of text instead, because its plan is one cell with many lines.
    """
    if result.columns == _PLAN_COLUMNS:
        return Text("\n".join(printable(line) for (plan,) in result.rows for line in plan.rstrip().splitlines()))
    return table_of(result)


def table_of(result: QueryResult) -> Table:
    """Return the result as a table in which numbers are aligned to the right."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for i, column in enumerate(result.columns):
        values = [row[i] for row in result.rows if row[i] is not None]
        numeric = values and all(
            isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values
        )
        table.add_column(column, justify="right" if numeric else "left")
    for row in result.rows:
        # Use Text: rich reads [brackets] in a string as a style, and `:fire:` in a player's name as an emoji.
        table.add_row(*(Text(printable(text_of(value))) for value in row))
    return table


def print_whole(console: Console, content: RenderableType) -> None:
    """Print the content.

    Lines are wrapped only on a terminal, so that programs that read the output get one row per line.
    """
    if console.is_terminal:
        console.print(content)
    else:
        console.file.write(unbroken(content))


def unbroken(content: RenderableType, *, colours: bool = False) -> str:
    """Return the content as text without wrapping any line."""
    file = StringIO()
    wide = Console(file=file, width=MAX_WIDTH, force_terminal=colours, color_system="standard" if colours else None)
    # Reduce the width to that of the content, because tables fill the rest of each line with blanks.
    wide.width = max(1, Measurement.get(wide, wide.options, content).maximum)
    wide.print(content)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], file: TextIO) -> None:
    """Write CSV according to RFC 4180.

    Each row is written as soon as it arrives, so that even a large result needs little memory. Null and an empty string
    look the same in the file.
    """
    writer = csv.writer(file)  # the defaults follow the RFC: lines end with CR LF, and quotes are doubled
    writer.writerow(columns)
    for row in rows:
        writer.writerow([text_of(value) for value in row])
