"""Waits until what was written is settled and landed."""

import itertools
import time
from collections.abc import Callable, Mapping

from infra.errors import OperatorError
from stack.instance import Instance
from stack.operations.landed import landed_offsets
from state.ledger import Ledger

POLL_SECONDS = 1.0
LANDED_EVERY = 5  # looks at what is settled for one at what has landed: that one keeps Presto from others' questions
STANDSTILL_SECONDS = 300.0  # without progress: then something is wrong, and it is said


def wait_until_landed(
    instance: Instance, ledger: Ledger, ends: Mapping[int, int], show: Callable[[str, Mapping[int, int]], int]
) -> tuple[float, float]:
    """Return when both streams are past the ends of all realms: the moments, by the monotonic clock, at which all was
    settled and landed. ``show`` is told the offsets of what is "settled" or "landed", and answers how far that is.
    Raises OperatorError if they stand still, redis.RedisError if Redis does not answer."""
    settled_at: float | None = None
    far = {"settled": -1, "landed": -1}
    moved_at = time.monotonic()

    def look(name: str, offsets: Mapping[int, int]) -> bool:
        nonlocal moved_at
        done = show(name, offsets)
        if done > far[name]:
            far[name], moved_at = done, time.monotonic()
        return all(offsets.get(realm, -1) + 1 >= end for realm, end in ends.items())

    for number in itertools.count():
        if look("settled", ledger.offsets(ends)) and settled_at is None:
            settled_at = time.monotonic()
        if number % LANDED_EVERY == 0 and look("landed", landed_offsets(instance.settings())) and settled_at:
            return settled_at, time.monotonic()
        if time.monotonic() - moved_at > STANDSTILL_SECONDS:
            break
        time.sleep(POLL_SECONDS)
    raise OperatorError("the streams stand still: ./guildhall status and ./guildhall logs streaming say why")
