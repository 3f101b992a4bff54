"""Writes the logs of a process. Each line is a JSON object with time, level, logger, event and the bound context.

A request must not wait for the log. So lines go through a bounded queue to one thread, which writes them. If the
program that reads the log hangs, the queue fills up. Then further lines are dropped and counted.
"""

import atexit
import json
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from game.events import format_time

STDERR = 2
# Several processes write into one pipe. The kernel does not interleave writes of up to this size (PIPE_BUF).
ATOMIC_BYTES = 4096
# The first line waits this time, so that it is written together with the lines that follow. Writing each line alone
# would wake two processes for it, which costs several times as much as the line itself.
GATHER_SECONDS = 0.05
MAX_QUEUED_LINES = 10_000  # what the API logs in a few seconds under the highest load
FLUSH_TIMEOUT_SECONDS = 1.0  # limit for writing the queued lines when a process ends
_END = b""  # marks the end of the queue; it cannot be a line, because a line is never empty


def get_logger(name: str) -> FilteringBoundLogger:
    """Return a logger. Each line contains the keyword arguments of the call and the context of the thread."""
    logger = structlog.wrap_logger(
        _Named(name),
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.format_exc_info, _head, _JSON],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return cast(FilteringBoundLogger, logger)


def bind_context(**known: object) -> None:
    """Add values to all further log lines of the request that this thread handles.

    Never bind a token or an Idempotency-Key.
    """
    structlog.contextvars.bind_contextvars(**known)


def clear_context() -> None:
    """Remove the bound values of the thread before it handles its next request."""
    structlog.contextvars.clear_contextvars()


def configure(lost: Callable[[], object], descriptor: int = STDERR) -> None:
    """Start to write the logs of this process and of its libraries. Earlier lines are not written.

    ``lost`` is called for each dropped line. Call this function after a fork, in the process that logs, because the
    thread that writes the lines does not survive a fork.
    """
    _Named.writer = _Writer(descriptor, lost)
    logging.basicConfig(level=logging.INFO, handlers=[_Handler()], force=True)
    for noisy in ("kafka", "py4j"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _head(logger: WrappedLogger, level: str, line: EventDict) -> EventDict:
    # The fields that every line has come first, so that people always find them in the same place.
    return {
        "time": format_time(datetime.now(UTC)),
        "level": level,
        "logger": logger.name,
        "event": line.pop("event"),
        **line,
    }


_JSON = structlog.processors.JSONRenderer(json.dumps)


class _Writer:
    """Writes lines in a thread of its own.

    The standard library's QueueHandler and QueueListener would do the same with less code, but they are slower. In a
    measurement with 20,000 lines from the API, they took 37 us of processor time for each line instead of 20. They also
    caused 24,000 context switches instead of 3,300. The reason is that they make a LogRecord for each line and write
    each line alone. Besides, QueueListener.stop() waits without a limit, so that a process could not end while the
    reader of its log hangs.
    """

    def __init__(self, descriptor: int, lost: Callable[[], object]) -> None:
        self._descriptor, self._lost = descriptor, lost
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._ended = threading.Event()
        threading.Thread(target=self._write_until_end, name="logs", daemon=True).start()
        atexit.register(self.end)

    def put(self, line: str) -> None:
        """Queue a line, or drop it if the queue is full. Never blocks."""
        if self._lines.qsize() < MAX_QUEUED_LINES:
            self._lines.put(line.encode() + b"\n")
        else:
            self._lost()

    def end(self) -> None:
        """Write the queued lines, for at most FLUSH_TIMEOUT_SECONDS, and stop."""
        self._lines.put(_END)
        self._ended.wait(FLUSH_TIMEOUT_SECONDS)

    def _write_until_end(self) -> None:
        text = b""
        while (line := self._lines.get()) != _END:
            if not text:
                time.sleep(GATHER_SECONDS)
            if len(text) + len(line) > ATOMIC_BYTES:
                self._write(text)
                text = b""
            text += line
            if self._lines.empty():
                self._write(text)
                text = b""
        self._write(text)
        self._ended.set()

    def _write(self, text: bytes) -> None:
        try:
            while text:
                text = text[os.write(self._descriptor, text) :]
        except OSError:
            self._lost()  # the reader of the log has ended, so only the counter can still report the loss


class _Named:
    """The logger that structlog passes its rendered lines to."""

    writer: _Writer | None = None

    def __init__(self, name: str) -> None:
        self.name = name

    def _put(self, line: str) -> None:
        if self.writer:
            self.writer.put(line)

    debug = info = warning = error = critical = _put


class _Handler(logging.Handler):
    """Converts log records from the standard library's loggers into the same JSON lines."""

    def emit(self, record: logging.LogRecord) -> None:
        line: dict[str, Any] = {"event": record.getMessage(), "exc_info": record.exc_info}
        log = getattr(get_logger(record.name), record.levelname.lower(), None)
        if log:
            log(**line)
