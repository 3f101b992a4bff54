"""Waiting."""

import time

PATIENCE_SECONDS = 60

CATCH_UP_SECONDS = 120


def eventually(what, seconds: float = PATIENCE_SECONDS):
    """The first true answer of ``what()``; fails with the last one."""
    give_up = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < give_up, f"still {answer!r} after {seconds} s"
        time.sleep(0.1)
    return answer
