"""Shows a log file. JSON lines are shown in a readable form, and other lines unchanged."""

import json
import subprocess
from pathlib import Path

import click
import structlog

_RENDERER = structlog.dev.ConsoleRenderer(timestamp_key="time", sort_keys=False, pad_event_to=10)


def show(file: Path, lines: int, *, follow: bool, pretty: bool) -> int:
    """Print the last lines of a log and, with ``follow``, new lines as they arrive. Returns the exit code."""
    # Use -F, which follows the name of the file: after a log rotation, the name belongs to a new file.
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
    """Return a readable form of a JSON line that one of our processes has logged. Returns other lines unchanged."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict) or not {"time", "level", "event"} <= entry.keys():
        return line
    entry["event"] = str(entry["event"])
    return str(_RENDERER(None, "", entry))
