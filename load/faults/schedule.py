"""Choose which faults are injected, in which order, and which of them at the same time.

The choice depends only on the seed of the random generator, so that a campaign can be repeated.
"""

import random
from collections.abc import Sequence

from load.faults.injectors import EVERY_SERVER, Fault

# Two faults at the same time find bugs that single faults do not find. But then it is unclear which fault caused a bug,
# so most steps have only one fault.
PAIR_PROBABILITY = 0.25

# The longest random pause before a step. Because pauses differ, faults hit micro-batches in all of their stages.
MAX_PAUSE_SECONDS = 3.0


def order(faults: Sequence[Fault], count: int, rng: random.Random) -> list[Fault]:
    """Return ``count`` faults in random order, such that no fault is repeated before every fault has occurred once."""
    ordered: list[Fault] = []
    while len(ordered) < count:
        ordered += rng.sample(faults, len(faults))
    return ordered[:count]


def steps(ordered: Sequence[Fault], rng: random.Random) -> list[list[Fault]]:
    """Group the faults into steps. A step has one fault, or two faults that disturb different servers."""
    left, result = list(ordered), []
    while left:
        step = [left.pop(0)]
        if left and _may_be_together(step[0], left[0]) and rng.random() < PAIR_PROBABILITY:
            step.append(left.pop(0))
        result.append(step)
    return result


def _may_be_together(one: Fault, other: Fault) -> bool:
    return one.server != other.server and EVERY_SERVER not in (one.server, other.server)
