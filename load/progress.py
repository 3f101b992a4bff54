"""Wait until a condition is true, or until all written events are settled and landed."""

import contextlib
import itertools
import time
from collections.abc import Callable, Mapping

from infra.errors import OperatorError
from stack.instance import Instance
from stack.operations.landed import landed_offsets
from state.ledger import Ledger

POLL_SECONDS = 1.0
CONDITION_POLL_SECONDS = 0.1  # short compared with the seconds that a fault lasts
LANDED_EVERY = 5  # Presto is polled once for this many polls of the ledger, because its queries delay other users

# Time without progress after which waiting ends. No step of a working system takes this long, so something is broken.
STANDSTILL_SECONDS = 300.0


def wait_for(condition: Callable[[], bool], timeout_seconds: float) -> bool:
    """Wait until the condition is true. Returns whether it became true before the timeout.

    If the condition raises an exception, it counts as not yet true, because any client may fail during a fault.
    """
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(Exception):
            if condition():
                return True
        time.sleep(CONDITION_POLL_SECONDS)
    return False


def wait_until_landed(
    instance: Instance, ledger: Ledger, ends: Mapping[int, int], report: Callable[[str, Mapping[int, int]], int]
) -> tuple[float, float]:
    """Wait until both streams have reached the end offsets of all realms.

    Returns two times in seconds of the monotonic clock: when everything was settled, and when everything was landed.
    ``report`` is called with "settled" or "landed" and with the offset of each realm. It returns the progress as one
    number, which grows as long as the stream advances.
    Raises OperatorError if neither stream makes progress, and redis.RedisError if Redis is unreachable.
    """
    settled_at: float | None = None
    progress = {"settled": -1, "landed": -1}
    progressed_at = time.monotonic()

    def is_at_end(stream: str, offsets: Mapping[int, int]) -> bool:
        nonlocal progressed_at
        done = report(stream, offsets)
        if done > progress[stream]:
            progress[stream], progressed_at = done, time.monotonic()
        return all(offsets.get(realm, -1) + 1 >= end for realm, end in ends.items())

    for poll in itertools.count():
        if is_at_end("settled", ledger.offsets(ends)) and settled_at is None:
            settled_at = time.monotonic()
        if poll % LANDED_EVERY == 0:
            landed = landed_offsets(instance.settings())
            if is_at_end("landed", landed) and settled_at:
                return settled_at, time.monotonic()
        if time.monotonic() - progressed_at > STANDSTILL_SECONDS:
            break
        time.sleep(POLL_SECONDS)
    raise OperatorError(
        f"the streams have made no progress for {STANDSTILL_SECONDS:.0f} s: type ./guildhall status, "
        "then ./guildhall logs streaming"
    )
