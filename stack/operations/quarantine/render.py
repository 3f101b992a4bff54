"""Formats the output of ``./guildhall quarantine list`` and ``show``."""

import string
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.terminal import printable
from stack.instance import Instance
from stack.operations.quarantine.records import QuarantinedRecord, current_verdict

DUMPED_BYTES = 2048  # a record may be a megabyte long, but its beginning is enough to recognise its producer


def render(records: Sequence[QuarantinedRecord], total: int, realms: int) -> Table:
    """Return a table with a row for each record; ``total`` counts all records in quarantine."""
    is_part = len(records) < total
    title = f"Quarantine: the newest {len(records)} of {total:,}" if is_part else f"Quarantine: {total:,}"
    table = Table(title=title, title_justify="left", box=None)
    for name in ("realm", "offset", "Kafka time (UTC)", "bytes"):
        table.add_column(name, justify="right" if name in ("offset", "bytes") else "left", no_wrap=True)
    table.add_column("reason", overflow="fold")
    table.add_column("today it is", overflow="fold")
    for record in records:
        row = (
            f"{record.realm}",
            f"{record.offset}",
            record.kafka_time[:19],
            f"{record.size:,}",
            record.reason,
            current_verdict(record, realms),
        )
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def show(instance: Instance, record: QuarantinedRecord, console: Console) -> None:
    """Print the details of one record: its position, the reason, its text and its first bytes."""
    lines = [f"realm {record.realm}, offset {record.offset}, {record.kafka_time} UTC, {record.size:,} bytes"]
    lines += [f"reason: {printable(record.reason)}", f"today it is: {current_verdict(record, instance.realms)}", ""]
    beginning = (record.value or b"")[:DUMPED_BYTES]
    text = beginning.decode(errors="replace")
    # Ignore an incomplete character at the end. It is there because the value was cut, and does not mean binary data.
    if all(c.isprintable() or c in "\n\r\t" for c in text.rstrip("\ufffd")) and text:
        lines += [text, ""]
    lines += list(hexdump(beginning))
    if record.size > len(beginning):
        lines.append(f"... and {record.size - len(beginning):,} more bytes")
    console.print(Text("\n".join(lines)), soft_wrap=True)


def hexdump(data: bytes) -> Iterator[str]:
    """Yield a line for every sixteen bytes, with the position, the hexadecimal digits and the ASCII characters."""
    visible = frozenset(string.digits + string.ascii_letters + string.punctuation + " ")
    for at in range(0, len(data), 16):
        line = data[at : at + 16]
        text = "".join(chr(byte) if chr(byte) in visible else "." for byte in line)
        yield f"{at:08x}  {line.hex(' '):47}  |{text}|"
