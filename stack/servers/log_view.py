"""The logs for people: JSON lines as sentences, everything else as it is."""

import json
import subprocess
from pathlib import Path

import click
import structlog

_RENDERER = structlog.dev.ConsoleRenderer(timestamp_key="time", sort_keys=False, pad_event_to=10)


def show(file: Path, lines: int, *, follow: bool, pretty: bool) -> int:
    """Print the end of a log and, to ``follow``, what comes; answers the exit code."""
    # By name, as -F does, because the file is another one after it was rotated.
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
    """A line of JSON as our processes log it, made readable; any other line as it is."""
    try:
        known = json.loads(line)
    except ValueError:
        return line
    if not isinstance(known, dict) or not {"time", "level", "event"} <= known.keys():
        return line
    known["event"] = str(known["event"])
    return str(_RENDERER(None, "", known))
