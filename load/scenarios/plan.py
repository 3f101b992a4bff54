"""Minutes of play as a plan: who sends which request when. A pure function of the scenario, the figures and the seed.

ab sends one fixed body a run, so each step of a plan is a short run. What has to be known of earlier answers is worked
out beforehand: a trade's id is made from its Idempotency-Key.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from load.scenarios.session_plan import Member, SessionPlan, Step
from load.simulation.personas import PERSONAS

# Bounds of every plan, whatever is asked for: ab costs a process a run, and the machine is shared with the servers.
MOST_RUNS_A_SECOND: Final = 10
MOST_REQUESTS: Final = 60_000

_GUESTS_A_RUN = 10
_GUILD_SIZE = 8  # so many players of a realm go for the same guild


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is special about it. Arrivals are a beta distribution over its time; guests come without a name, so many for
    each player; ``rush`` is an item that everybody wants at half-time."""

    arrivals: tuple[float, float]
    guests: float
    rush: str = ""
    is_attacked: bool = False


SCENARIOS: Final[dict[str, Scenario]] = {
    "launch-day": Scenario(arrivals=(1.0, 3.0), guests=1.0),
    "quiet-evening": Scenario(arrivals=(1.2, 1.6), guests=0.1),
    "flash-sale": Scenario(arrivals=(2.0, 4.0), guests=0.1, rush="moon_sword"),
    "bot-attack": Scenario(arrivals=(1.2, 1.6), guests=0.1, is_attacked=True),
}


@dataclass(frozen=True)
class Plan:
    """Everything that will be sent, by time."""

    seconds: float
    members: tuple[Member, ...]
    steps: tuple[Step, ...]

    @property
    def requests(self) -> int:
        """How many requests there are."""
        return sum(step.number for step in self.steps)


def plan_of(name: str, players: int, seconds: float, realms: int, seed: int, run: str) -> Plan:
    """The plan; ``run`` is in all names, so that they are new."""
    rng, scenario = random.Random(f"{name}:{seed}"), SCENARIOS[name]  # noqa: S311 - repeatable, and no secret
    members = _members(scenario, players, seconds, realms, rng, run)
    budget = seconds * MOST_RUNS_A_SECOND
    steps = list(_guests(scenario, players, seconds, realms, rng)) + list(_attack(scenario, members, seconds))
    each = max(1, int((budget - len(steps)) / players))
    for who in range(players):
        steps += SessionPlan(members, who, seconds, rng, scenario.rush).steps(each)
    steps.sort(key=lambda step: step.at)
    return Plan(seconds, members, tuple(_within(steps, int(budget), MOST_REQUESTS)))


def _within(steps: Sequence[Step], most_steps: int, most_requests: int) -> Iterator[Step]:
    requests = 0
    for step in steps[:most_steps]:
        requests += step.number
        if requests > most_requests:
            return
        yield step


def _members(
    scenario: Scenario, players: int, seconds: float, realms: int, rng: random.Random, run: str
) -> tuple[Member, ...]:
    kinds = [kind for kind, persona in PERSONAS.items() if not persona.is_bot]
    chosen = rng.choices(kinds, [PERSONAS[kind].share for kind in kinds], k=players)
    arrivals = sorted(0.9 * seconds * rng.betavariate(*scenario.arrivals) for _ in range(players))
    return tuple(
        Member(i, f"p{run}_{i}", i % realms, kind, f"g{run}_{i // realms // _GUILD_SIZE}", at)
        for i, (kind, at) in enumerate(zip(chosen, arrivals, strict=True))
    )


def _guests(scenario: Scenario, players: int, seconds: float, realms: int, rng: random.Random) -> Iterator[Step]:
    for i in range(math.ceil(scenario.guests * players / _GUESTS_A_RUN)):
        at = 0.9 * seconds * rng.betavariate(*scenario.arrivals)
        body = {"realm": i % realms}
        yield Step(at, None, "register_guest", "POST", "/players", body, _GUESTS_A_RUN, 4)


def _attack(scenario: Scenario, members: Sequence[Member], seconds: float) -> Iterator[Step]:
    """The first player hammers in the middle third, as fast as the limits let a stranger."""
    if scenario.is_attacked:
        begins = max(seconds / 3, members[0].arrives + 3)
        for i in range(int(min(seconds / 3, seconds - begins) / 2)):
            body = {"sword": "wooden_sword"}
            yield Step(begins + 2 * i, 0, "hammer", "POST", "/buy_sword", body, 80, 4, is_limited=True)
