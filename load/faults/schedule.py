"""Choose which faults are injected, in which order, and which of them at the same time: a function of the seed."""

import random
from collections.abc import Sequence

from load.faults.injectors import EVERY_SERVER, Fault

PAIR_PROBABILITY = 0.25  # two faults at once find other bugs, but hide which of the two caused one
MAX_PAUSE_SECONDS = 3.0  # of undisturbed play before a step, so that faults meet every stage of a micro-batch


def order(faults: Sequence[Fault], count: int, rng: random.Random) -> list[Fault]:
    """Return ``count`` faults in random order; each kind comes once before any kind comes again."""
    ordered: list[Fault] = []
    while len(ordered) < count:
        ordered += rng.sample(faults, len(faults))
    return ordered[:count]


def steps(ordered: Sequence[Fault], rng: random.Random) -> list[list[Fault]]:
    """Group the faults into steps of one, or of two that disturb different servers."""
    left, result = list(ordered), []
    while left:
        step = [left.pop(0)]
        if left and _may_be_together(step[0], left[0]) and rng.random() < PAIR_PROBABILITY:
            step.append(left.pop(0))
        result.append(step)
    return result


def _may_be_together(one: Fault, other: Fault) -> bool:
    return one.server != other.server and EVERY_SERVER not in (one.server, other.server)
