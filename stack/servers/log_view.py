"""Shows a log: JSON lines in a readable form, other lines unchanged."""

import json
import subprocess
from pathlib import Path

import click
import structlog

_RENDERER = structlog.dev.ConsoleRenderer(timestamp_key="time", sort_keys=False, pad_event_to=10)


def show(file: Path, lines: int, *, follow: bool, pretty: bool) -> int:
    """Print the last lines of a log and, with ``follow``, new lines as they come. Returns the exit code."""
    # -F follows the name: after a rotation it is another file.
    command = ["tail", "-n", str(lines), *(["-F"] if follow else []), str(file)]
    if not pretty:
        return subprocess.call(command)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as tail:
        try:
            for line in tail.stdout or ():
                click.echo(readable(line.rstrip("\n")))
        except KeyboardInterrupt:
            tail.terminate()
    return max(0, tail.returncode)


def readable(line: str) -> str:
    """Return a JSON line of one of our processes in a readable form, and any other line unchanged."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict) or not {"time", "level", "event"} <= entry.keys():
        return line
    entry["event"] = str(entry["event"])
    return str(_RENDERER(None, "", entry))
