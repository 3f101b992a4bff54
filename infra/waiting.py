"""The one way to wait for a condition by polling."""

import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result

T = TypeVar("T")

POLL_SECONDS = 0.1  # soon enough for a person who watches, and seldom enough for a request to a server


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

    The predicate is called at least once, and once more when the time is up. ``describe`` says what is waited for, as
    the subject of the error message; give a function if the text depends on how far the wait came. Exceptions of the
    predicate are not caught. ``monotonic`` and ``sleep`` are for tests.
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
