"""Wait for changes that other threads and processes make."""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 60  # enough for any single action on a small and busy machine
CATCH_UP_SECONDS = 120  # enough for the streams to be restarted and to settle what has accumulated
POLL_SECONDS = 0.1

T = TypeVar("T")


def eventually(condition: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """Call ``condition`` repeatedly and return its first true result.

    Raises AssertionError with the last result if none is true within ``seconds``.
    """
    give_up = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < give_up, f"still {result!r} after {seconds} s"
        time.sleep(POLL_SECONDS)
    return result
