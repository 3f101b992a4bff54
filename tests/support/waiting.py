"""Waiting for what happens in other threads and processes."""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 60  # enough for any single action on a busy small machine
CATCH_UP_SECONDS = 120  # enough for the streams to be restarted and to settle what has accumulated
POLL_SECONDS = 0.1

T = TypeVar("T")


def eventually(condition: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """Return the first true result of ``condition()``; fail with its last result when the time is up."""
    give_up = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < give_up, f"still {result!r} after {seconds} s"
        time.sleep(POLL_SECONDS)
    return result
