"""Define agents, create them, and hold what they remember between actions. Their balances are in the ledger."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from load.simulation.personas import ENGAGEMENT_SIGMA, HOURLY_ACTIVITY, PERSONAS, THRIFT_SIGMA, Persona
from load.simulation.world_spec import WorldSpec

_HABIT = 0.6  # share of an agent's sessions near its favourite hour; the other sessions follow HOURLY_ACTIVITY
_HABIT_HOURS = 2  # hours before and after the favourite hour that count as near
# A realm with at least this number of players has a bot. Without this rule, few realms would have one, because the
# share of bots is so small.
_MIN_PLAYERS_FOR_BOT = 40


@dataclass(slots=True, eq=False)
class Agent:
    """One simulated player."""

    name: str
    kind: str  # the name of the persona
    persona: Persona
    arrives: float  # seconds after the start of the world
    engagement: float  # factor for the number of sessions; a typical agent has 1
    thrift: float
    sessions_by_hour: tuple[float, ...]  # hour of the day -> expected sessions in this hour
    action_weights: tuple[tuple[str, ...], tuple[float, ...]]  # actions, and their cumulative weights

    actions_left: int = 0  # in the current session
    sessions: int = 0
    is_arriving: bool = False  # whether the next action is the first one in a session
    busy_until: float = -1e9
    churned: bool = False
    left_realm: bool = False
    script: list[str] = field(default_factory=list)  # actions to take before any free choice, in reverse order
    opponent: "Agent | None" = None
    attacker: "Agent | None" = None
    inbox: list[tuple[str, float]] = field(default_factory=list)  # each received trade offer, and its time
    offered: list[tuple[str, float]] = field(default_factory=list)  # each sent trade offer, and its time
    last_viewed: dict[str, float] = field(default_factory=dict)  # type of view event -> time of the last one

    @property
    def owner(self) -> str:
        """The owner of the player's accounts."""
        return f"player:{self.name}"

    @property
    def is_playing(self) -> bool:
        """Whether the player is in the middle of a session."""
        return self.actions_left > 0 and not self.is_arriving


def create_agents(spec: WorldSpec, realm: int, rng: random.Random) -> list[Agent]:
    """Create all agents of the realm, in the order in which they arrive."""
    count = spec.players_of(realm)
    kinds = _kinds(count, rng)
    hours = rng.choices(range(spec.curve.hours), spec.curve.newcomers(), k=count)
    arrivals = sorted((hour + rng.random()) * 3600 for hour in hours)
    # Let the first agent arrive in the first minute. Otherwise the world would begin with hours without any player.
    arrivals[0] = min(arrivals[0], rng.random() * 60)
    return [
        create_agent(spec, realm, index, kind, at, rng)
        for index, (kind, at) in enumerate(zip(kinds, arrivals, strict=True))
    ]


def create_agent(spec: WorldSpec, realm: int, index: int, kind: str, arrives: float, rng: random.Random) -> Agent:
    """Create an agent that arrives at the time ``arrives``, in seconds after the start of the world."""
    persona = PERSONAS[kind]
    engagement = 1.0 if persona.is_bot else rng.lognormvariate(0, ENGAGEMENT_SIGMA)
    return Agent(
        name=spec.player_name(realm, index),
        kind=kind,
        persona=persona,
        arrives=arrives,
        engagement=engagement,
        thrift=persona.thrift * rng.lognormvariate(0, THRIFT_SIGMA),
        sessions_by_hour=tuple(persona.sessions_a_day * engagement * share for share in _habit(persona, rng)),
        action_weights=(tuple(persona.action_weights), tuple(accumulate(persona.action_weights.values()))),
    )


def _kinds(count: int, rng: random.Random) -> list[str]:
    """Return the personas of all agents in random order, according to the shares of the personas.

    A realm with at least _MIN_PLAYERS_FOR_BOT players has at least one bot.
    """
    expected = {kind: count * persona.share for kind, persona in PERSONAS.items()}
    if count >= _MIN_PLAYERS_FOR_BOT:
        expected["bot"] = max(1.0, expected["bot"])
    counts = {kind: int(n) for kind, n in expected.items()}
    by_remainder = sorted(expected, key=lambda kind: counts[kind] - expected[kind])
    for kind in by_remainder[: max(0, count - sum(counts.values()))]:
        counts[kind] += 1
    kinds = [kind for kind, n in counts.items() for _ in range(n)]
    rng.shuffle(kinds)
    return kinds[:count]


def _habit(persona: Persona, rng: random.Random) -> Iterator[float]:
    """Yield the share of the agent's daily sessions that falls into each hour."""
    if persona.is_bot:
        yield from [1 / len(HOURLY_ACTIVITY)] * len(HOURLY_ACTIVITY)
        return
    total = sum(HOURLY_ACTIVITY)
    own = rng.choices(range(len(HOURLY_ACTIVITY)), HOURLY_ACTIVITY)[0]
    for hour, activity in enumerate(HOURLY_ACTIVITY):
        distance = min((hour - own) % len(HOURLY_ACTIVITY), (own - hour) % len(HOURLY_ACTIVITY))
        near = 1 / (2 * _HABIT_HOURS + 1) if distance <= _HABIT_HOURS else 0.0
        yield (1 - _HABIT) * activity / total + _HABIT * near
