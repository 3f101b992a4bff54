"""The players of a realm: who they are, and what they have in mind at the moment."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from load.simulation.personas import HOURS, PERSONAS, THRIFT_SIGMA, ZEAL_SIGMA, Persona
from load.simulation.world_spec import WorldSpec

_HABIT = 0.6  # of the sessions are around the player's own hour, the others whenever everybody plays
_HABIT_HOURS = 2  # before and after it


@dataclass(slots=True, eq=False)
class Agent:
    """One player. What the player owns is in the books and not here."""

    name: str
    kind: str
    persona: Persona
    arrives: float  # seconds after the beginning of the world
    zeal: float
    thrift: float
    comes: tuple[float, ...]  # hour of the day -> sessions in it, on an ordinary day
    wants: tuple[tuple[str, ...], tuple[float, ...]]  # actions, and their weights added up

    turns: int = 0  # left in this session
    sessions: int = 0
    is_arriving: bool = False  # the next turn is the first one of a session
    busy_until: float = -1e9
    has_quit: bool = False
    is_gone: bool = False
    script: list[str] = field(default_factory=list)  # what is done before anything is chosen, the last one first
    opponent: "Agent | None" = None
    attacker: "Agent | None" = None
    inbox: list[tuple[str, float]] = field(default_factory=list)  # trades that were offered, and when
    offered: list[tuple[str, float]] = field(default_factory=list)
    looked: dict[str, float] = field(default_factory=dict)  # kind of look -> when it counted last

    @property
    def owner(self) -> str:
        """The owner of the player's accounts."""
        return f"player:{self.name}"

    @property
    def is_playing(self) -> bool:
        """Whether the player is in the middle of a session."""
        return self.turns > 0 and not self.is_arriving


def create_agents(era: WorldSpec, realm: int, rng: random.Random) -> list[Agent]:
    """All players of the realm, in the order in which they arrive."""
    number = era.players_of(realm)
    kinds = _kinds(number, rng)
    hours = rng.choices(range(era.rhythm.hours), era.rhythm.newcomers(), k=number)
    arrivals = sorted((hour + rng.random()) * 3600 for hour in hours)
    # Without the first one nobody could have written of a realm before there was a player in it.
    arrivals[0] = min(arrivals[0], rng.random() * 60)
    return [newcomer(era, realm, i, kind, at, rng) for i, (kind, at) in enumerate(zip(kinds, arrivals, strict=True))]


def newcomer(era: WorldSpec, realm: int, number: int, kind: str, arrives: float, rng: random.Random) -> Agent:
    """Somebody who comes at this moment."""
    persona = PERSONAS[kind]
    zeal = 1.0 if persona.is_bot else rng.lognormvariate(0, ZEAL_SIGMA)
    return Agent(
        name=era.player_name(realm, number),
        kind=kind,
        persona=persona,
        arrives=arrives,
        zeal=zeal,
        thrift=persona.thrift * rng.lognormvariate(0, THRIFT_SIGMA),
        comes=tuple(persona.sessions_a_day * zeal * share for share in _habit(persona, rng)),
        wants=(tuple(persona.wants), tuple(accumulate(persona.wants.values()))),
    )


def _kinds(number: int, rng: random.Random) -> list[str]:
    """As many of each persona as its share says, in any order; a realm of some size has a bot."""
    wanted = {kind: number * persona.share for kind, persona in PERSONAS.items()}
    if number >= 40:
        wanted["bot"] = max(1.0, wanted["bot"])
    counts = {kind: int(n) for kind, n in wanted.items()}
    by_remainder = sorted(wanted, key=lambda kind: counts[kind] - wanted[kind])
    for kind in by_remainder[: max(0, number - sum(counts.values()))]:
        counts[kind] += 1
    kinds = [kind for kind, n in counts.items() for _ in range(n)]
    rng.shuffle(kinds)
    return kinds[:number]


def _habit(persona: Persona, rng: random.Random) -> Iterator[float]:
    """The share of each hour of the day."""
    if persona.is_bot:
        yield from [1 / len(HOURS)] * len(HOURS)
        return
    everybody = sum(HOURS)
    own = rng.choices(range(len(HOURS)), HOURS)[0]
    for hour, weight in enumerate(HOURS):
        apart = min((hour - own) % len(HOURS), (own - hour) % len(HOURS))
        near = 1 / (2 * _HABIT_HOURS + 1) if apart <= _HABIT_HOURS else 0.0
        yield (1 - _HABIT) * weight / everybody + _HABIT * near
