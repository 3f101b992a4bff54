"""Plan some minutes of play: which player sends which request, and when.

A plan is a pure function of scenario, size and seed. A run of ab can send only one fixed body, so each step in a plan
is a separate, short run. The plan is complete before any request is sent, so it cannot use values from responses. The
one value that it would need, the id of a trade, is computed in advance from the Idempotency-Key.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from load.scenarios.session_plan import Member, SessionPlan, Step
from load.simulation.personas import PERSONAS

# Bounds of every plan, whatever size is requested. They are needed because each run starts a process of ab on the same
# machine as the servers.
MAX_RUNS_A_SECOND: Final = 10
MAX_REQUESTS: Final = 60_000

_GUESTS_A_RUN = 10
_GUILD_SIZE = 8  # number of players in a realm who try to join the same guild
_ARRIVALS_END = 0.9  # after this share of the plan's duration no player arrives, so that each player can still act


@dataclass(frozen=True, slots=True)
class Scenario:
    """The properties of a scenario.

    ``arrivals`` are the parameters of the beta distribution that gives the arrival times of players. ``guests`` is the
    number of guests per player. ``hot_item`` is an item that all players try to buy in the middle of the scenario.
    """

    arrivals: tuple[float, float]
    guests: float
    hot_item: str = ""
    is_attacked: bool = False


SCENARIOS: Final[dict[str, Scenario]] = {
    "launch-day": Scenario(arrivals=(1.0, 3.0), guests=1.0),
    "quiet-evening": Scenario(arrivals=(1.2, 1.6), guests=0.1),
    "flash-sale": Scenario(arrivals=(2.0, 4.0), guests=0.1, hot_item="moon_sword"),
    "bot-attack": Scenario(arrivals=(1.2, 1.6), guests=0.1, is_attacked=True),
}


@dataclass(frozen=True)
class Plan:
    """All players and steps of a plan. The steps are ordered by time."""

    seconds: float
    members: tuple[Member, ...]
    steps: tuple[Step, ...]

    @property
    def requests(self) -> int:
        """The number of requests."""
        return sum(step.requests for step in self.steps)


def plan_of(name: str, players: int, seconds: float, realms: int, seed: int, run: str) -> Plan:
    """Return the plan of a scenario. ``run`` is part of all names, so that each name is new on the instance."""
    rng, scenario = random.Random(f"{name}:{seed}"), SCENARIOS[name]  # noqa: S311 - repeatable, and no secret
    members = _members(scenario, players, seconds, realms, rng, run)
    max_steps = seconds * MAX_RUNS_A_SECOND
    steps = list(_guests(scenario, players, seconds, realms, rng)) + list(_attack(scenario, members, seconds))
    max_steps_a_player = max(1, int((max_steps - len(steps)) / players))
    for player in range(players):
        steps += SessionPlan(members, player, seconds, rng, scenario.hot_item).steps(max_steps_a_player)
    steps.sort(key=lambda step: step.at)
    return Plan(seconds, members, tuple(_limited(steps, int(max_steps), MAX_REQUESTS)))


def _limited(steps: Sequence[Step], max_steps: int, max_requests: int) -> Iterator[Step]:
    requests = 0
    for step in steps[:max_steps]:
        requests += step.requests
        if requests > max_requests:
            return
        yield step


def _members(
    scenario: Scenario, players: int, seconds: float, realms: int, rng: random.Random, run: str
) -> tuple[Member, ...]:
    kinds = [kind for kind, persona in PERSONAS.items() if not persona.is_bot]
    chosen = rng.choices(kinds, [PERSONAS[kind].share for kind in kinds], k=players)
    arrivals = sorted(_ARRIVALS_END * seconds * rng.betavariate(*scenario.arrivals) for _ in range(players))
    return tuple(
        Member(i, f"p{run}_{i}", i % realms, kind, f"g{run}_{i // realms // _GUILD_SIZE}", at)
        for i, (kind, at) in enumerate(zip(chosen, arrivals, strict=True))
    )


def _guests(scenario: Scenario, players: int, seconds: float, realms: int, rng: random.Random) -> Iterator[Step]:
    for i in range(math.ceil(scenario.guests * players / _GUESTS_A_RUN)):
        at = _ARRIVALS_END * seconds * rng.betavariate(*scenario.arrivals)
        body = {"realm": i % realms}
        yield Step(at, None, "register_guest", "POST", "/players", body, _GUESTS_A_RUN, 4)


def _attack(scenario: Scenario, members: Sequence[Member], seconds: float) -> Iterator[Step]:
    """Let the first player flood the API during the middle third, under the rate limits that apply to the public."""
    if scenario.is_attacked:
        begins = max(seconds / 3, members[0].arrives + 3)
        for i in range(int(min(seconds / 3, seconds - begins) / 2)):
            body = {"sword": "wooden_sword"}
            yield Step(begins + 2 * i, 0, "hammer", "POST", "/buy_sword", body, 80, 4, is_limited=True)
