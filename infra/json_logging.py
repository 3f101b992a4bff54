"""Logs of a process: one JSON object a line, with the time, the level, the logger, the event's text and what is known.

Nobody waits for a log. Lines go through a queue to one thread that writes them, and when whoever reads them stands
still they are dropped and counted: a request must not hang because a log does.
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
# Several processes write into one pipe: up to here the kernel keeps their lines apart (PIPE_BUF).
ATOMIC_BYTES = 4096
# How long the first line waits for others: waking two processes for each line costs several times what the line does.
GATHER_SECONDS = 0.05
MAX_QUEUED_LINES = 10_000  # lines, a few seconds of the busiest API
FLUSH_TIMEOUT_SECONDS = 1.0  # how long a process that ends goes on writing what waits
_END = b""  # no line is empty


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger whose lines carry the keyword arguments of each call, and what the thread is :func:`bind_context`."""
    logger = structlog.wrap_logger(
        _Named(name),
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.format_exc_info, _head, _JSON],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return cast(FilteringBoundLogger, logger)


def bind_context(**known: object) -> None:
    """Put this into every further line of the thread's request. Never a token, nor an Idempotency-Key."""
    structlog.contextvars.bind_contextvars(**known)


def clear_context() -> None:
    """The thread begins with something else."""
    structlog.contextvars.clear_contextvars()


def configure(lost: Callable[[], object], descriptor: int = STDERR) -> None:
    """Write the logs of this process from now on, those of the libraries included; before, they are not written.
    ``lost`` is called for each line that is dropped. Threads do not survive a fork: call it in the process itself."""
    _Named.writer = _Writer(descriptor, lost)
    logging.basicConfig(level=logging.INFO, handlers=[_Handler()], force=True)
    for noisy in ("kafka", "py4j"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _head(logger: WrappedLogger, level: str, line: EventDict) -> EventDict:
    # First what every line has, so that people find it at one place.
    return {
        "time": format_time(datetime.now(UTC)),
        "level": level,
        "logger": logger.name,
        "event": line.pop("event"),
        **line,
    }


_JSON = structlog.processors.JSONRenderer(json.dumps)


class _Writer:
    """Writes lines in a thread of its own."""

    def __init__(self, descriptor: int, lost: Callable[[], object]) -> None:
        self._descriptor, self._lost = descriptor, lost
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._ended = threading.Event()
        threading.Thread(target=self._write_until_the_end, name="logs", daemon=True).start()
        atexit.register(self.end)

    def put(self, line: str) -> None:
        """Have the line written. Never blocks."""
        if self._lines.qsize() < MAX_QUEUED_LINES:
            self._lines.put(line.encode() + b"\n")
        else:
            self._lost()

    def end(self) -> None:
        """Write what waits, but not for ever, and nothing more."""
        self._lines.put(_END)
        self._ended.wait(FLUSH_TIMEOUT_SECONDS)

    def _write_until_the_end(self) -> None:
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
            self._lost()  # whoever read the log is gone, and there is nobody else to tell


class _Named:
    """What structlog hands its finished lines to."""

    writer: _Writer | None = None

    def __init__(self, name: str) -> None:
        self.name = name

    def _put(self, line: str) -> None:
        if self.writer:
            self.writer.put(line)

    debug = info = warning = error = critical = _put


class _Handler(logging.Handler):
    """Brings what the standard library's loggers say into the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        line: dict[str, Any] = {"event": record.getMessage(), "exc_info": record.exc_info}
        log = getattr(get_logger(record.name), record.levelname.lower(), None)
        if log:
            log(**line)
