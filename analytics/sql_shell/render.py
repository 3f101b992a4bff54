"""Answers of Presto as people and programs read them: a table, or CSV."""

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

_WIDEST = 100_000  # characters of a line; rich needs some limit


def text_of(value: Any) -> str:
    """A value as text: nothing for null, and what SQL would call it for the others."""
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


def table_of(answer: QueryResult) -> Table:
    """The answer as a table, numbers to the right."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for i, column in enumerate(answer.columns):
        values = [row[i] for row in answer.rows if row[i] is not None]
        numeric = values and all(
            isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values
        )
        table.add_column(column, justify="right" if numeric else "left")
    for row in answer.rows:
        # Text, as rich would take [brackets] for a style and the account of a player called fire for an emoji.
        table.add_row(*(Text(_printable(text_of(value))) for value in row))
    return table


def print_whole(console: Console, content: RenderableType) -> None:
    """Print, and when the reader is no terminal, do not break lines: a program reads a row a line."""
    if console.is_terminal:
        console.print(content)
    else:
        console.file.write(unbroken(content))


def unbroken(content: RenderableType, *, colours: bool = False) -> str:
    """The content as text, each line as wide as it is."""
    file = StringIO()
    wide = Console(file=file, width=_WIDEST, force_terminal=colours, color_system="standard" if colours else None)
    # As wide as it must be and not wider, because tables and trees fill their lines with blanks.
    wide.width = max(1, Measurement.get(wide, wide.options, content).maximum)
    wide.print(content)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], file: TextIO) -> None:
    """Write CSV by RFC 4180, row by row as they come, so that a large answer needs no memory. Null and the empty text
    are the same there."""
    writer = csv.writer(file)  # its default is the RFC's: lines end with CR LF, and a quote is written twice
    writer.writerow(columns)
    for row in rows:
        writer.writerow([text_of(value) for value in row])


def _printable(text: str) -> str:
    # The bytes of a record in quarantine come from whoever wrote it, and could steer the terminal.
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
