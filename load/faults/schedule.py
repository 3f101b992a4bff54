"""Which faults are done, in which order, and which of them at the same time: a function of the seed."""

import random
from collections.abc import Sequence

from load.faults.injectors import EVERY_SERVER, Fault

TOGETHER = 0.25  # of all steps: two faults at once find other bugs, but hide which of them has caused what
LONGEST_PAUSE_SECONDS = 3.0  # of undisturbed play before a step, so that faults meet every stage of a micro-batch


def order(faults: Sequence[Fault], count: int, rng: random.Random) -> list[Fault]:
    """``count`` faults: each kind once before any comes again."""
    ordered: list[Fault] = []
    while len(ordered) < count:
        ordered += rng.sample(faults, len(faults))
    return ordered[:count]


def steps(ordered: Sequence[Fault], rng: random.Random) -> list[list[Fault]]:
    """The same faults, in steps of one or of two that disturb different servers."""
    left, result = list(ordered), []
    while left:
        step = [left.pop(0)]
        if left and _may_be_together(step[0], left[0]) and rng.random() < TOGETHER:
            step.append(left.pop(0))
        result.append(step)
    return result


def _may_be_together(one: Fault, other: Fault) -> bool:
    return one.server != other.server and EVERY_SERVER not in (one.server, other.server)
