"""Waits for a condition by polling, in one place for all modules."""

import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result

T = TypeVar("T")

POLL_SECONDS = 0.1  # short enough for a person who watches, and long enough not to burden a server with requests


def wait_until(
    predicate: Callable[[], T],
    timeout_seconds: float,
    describe: str | Callable[[], str],
    *,
    poll_seconds: float = POLL_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Call ``predicate`` until it returns a true value, and return that value.

    The predicate is called at least once, and once more when the time is up. ``describe`` names the condition, and
    becomes the subject of the error message. Pass a function if this text depends on the progress up to then.
    Exceptions that the predicate raises are not caught. Only tests replace ``monotonic`` and ``sleep``.
    Raises TimeoutError if the value is still false after ``timeout_seconds``.
    """
    deadline = monotonic() + timeout_seconds

    def raise_timeout(_state: RetryCallState) -> T:
        subject = describe if isinstance(describe, str) else describe()
        raise TimeoutError(f"{subject}: not reached within {timeout_seconds:g} s")

    retrying = Retrying(
        retry=retry_if_result(lambda result: not result),
        stop=lambda _state: monotonic() >= deadline,
        wait=lambda _state: max(0.0, min(poll_seconds, deadline - monotonic())),
        sleep=sleep,
        retry_error_callback=raise_timeout,
    )
    return retrying(predicate)
