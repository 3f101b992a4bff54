"""Test logs as JSON lines. Writing them must never block a process."""

import logging
import os
import time
from collections.abc import Iterator

import pytest

from infra import json_logging
from tests.support.captured_log import CapturedLog
from tests.support.waiting import eventually


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[CapturedLog]:
    json_logging.clear_context()
    yield CapturedLog(monkeypatch)
    json_logging.clear_context()


def test_line_begins_with_the_common_fields(log: CapturedLog) -> None:
    json_logging.bind_context(realm=3)
    json_logging.get_logger("test").warning("said\nso", event_id="abc")
    (line,) = log.lines()
    assert list(line) == ["time", "level", "logger", "event", "event_id", "realm"]
    assert (line["level"], line["logger"], line["event"]) == ("warning", "test", "said\nso")
    assert len(line["time"]) == len("2026-01-31T23:59:59.000Z")
    assert (line["event_id"], line["realm"]) == ("abc", 3)


def test_standard_loggers_use_the_same_format(log: CapturedLog) -> None:
    why = (ValueError, ValueError("why"), None)
    json_logging._Handler().emit(logging.LogRecord("lib", logging.ERROR, __file__, 1, "no %s", ("luck",), why))
    (line,) = log.lines()
    assert (line["level"], line["logger"], line["event"]) == ("error", "lib", "no luck")
    assert "ValueError: why" in line["exception"]


def test_log_that_is_not_read_blocks_no_one(log: CapturedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_logging, "MAX_QUEUED_LINES", 500)
    monkeypatch.setattr(json_logging, "FLUSH_TIMEOUT_SECONDS", 0.1)
    begun = time.monotonic()
    for i in range(3000):
        json_logging.get_logger("test").info("x" * 200, number=i)
    assert time.monotonic() - begun < 5
    eventually(lambda: log.lost > 1000, 5)


def test_closed_log_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    log = CapturedLog(monkeypatch)
    os.close(log._read)
    json_logging.get_logger("test").info("into the void")
    eventually(lambda: log.lost, 5)
    json_logging.get_logger("test").info("again")
    log._writer.end()
    assert log.lost == 2
    os.close(log._write)
