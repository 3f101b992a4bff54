"""Functions that all terminal programs share: making text safe, and the columns of progress bars."""

from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeElapsedColumn


def printable(text: str) -> str:
    """Return the text with every character escaped that a terminal would not print.

    Any program may have written the text of a record, and control characters in the text could control the terminal.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def progress_columns(description_width: int = 0) -> tuple[ProgressColumn, ...]:
    """Return the columns for a progress bar that counts: description, bar, number done and total, elapsed time.

    ``description_width`` is in characters; it aligns bars whose descriptions differ in length.
    """
    description = TextColumn(f"{{task.description:{description_width or ''}}}")
    return description, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
