"""Capture the log lines of this process."""

import json
import os
from typing import Any

import pytest

from infra import json_logging


class CapturedLog:
    """A log that writes into a pipe, from which the test reads the lines."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._read, self._write = os.pipe()
        self.lost = 0
        self._writer = json_logging._Writer(self._write, self._lose)
        monkeypatch.setattr(json_logging._Named, "writer", self._writer)

    def _lose(self) -> None:
        self.lost += 1

    def text(self) -> str:
        """Close the log and return its whole text."""
        self._writer.end()
        os.close(self._write)
        with os.fdopen(self._read) as lines:
            return lines.read()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]
