"""Specify a simulated world: its size, how it is divided among the realms, and its names."""

import hashlib
from dataclasses import dataclass
from datetime import date

from infra.errors import OperatorError
from load.simulation.activity_curve import ActivityCurve

# No two of these characters look alike, neither alone nor next to other characters. The rules of the game reject a name
# that looks like another name. Names that end in different codes of these characters look different, so the rules
# accept them.
_DISTINCT = "23456789abcdefghjkpqstuxyz"
_RUN_LENGTH = 4
_CODE_LENGTH = 4
_MIN_EVENTS_A_PLAYER = 6  # the approximate number of events that one session causes
_MAX_ACTIVITY_FACTOR = 10.0  # beyond this, the players no longer behave like their personas

_ONSETS = (
    "b",
    "br",
    "d",
    "f",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kr",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "z",
)
_VOWELS = ("a", "e", "i", "o", "u", "ae", "ei")
_GUILDS = (
    "wolves",
    "ravens",
    "lions",
    "owls",
    "stags",
    "hawks",
    "foxes",
    "bears",
    "storm",
    "iron",
    "ember",
    "frost",
    "dawn",
)


@dataclass(frozen=True)
class WorldSpec:
    """The parameters of a world. The same parameters, including the start day, always give the same events."""

    seed: int
    start: date
    days: int
    realms: int
    players: int
    events: int

    @property
    def curve(self) -> ActivityCurve:
        """The curve with each hour's share of newcomers and of events."""
        return ActivityCurve(self.start, self.days)

    @property
    def run(self) -> str:
        """A short code that is part of every name in this world, so that its names differ from all other names."""
        parameters = f"{self.seed}:{self.start}:{self.days}:{self.realms}:{self.players}:{self.events}"
        return _code(int.from_bytes(hashlib.sha256(parameters.encode()).digest()[:8]), _RUN_LENGTH)

    @property
    def activity_factor(self) -> float:
        """The factor for the players' activity that makes the world have the requested number of events."""
        return self.events / (self.players * self.curve.events_a_player())

    def events_of(self, realm: int) -> int:
        """Return the realm's number of records."""
        return _share(self.events, self.realms, realm)

    def players_of(self, realm: int) -> int:
        """Return the realm's number of players."""
        return _share(self.players, self.realms, realm)

    def player_name(self, realm: int, index: int) -> str:
        """Return the name of a player. The name reveals nothing about the persona."""
        n = index * self.realms + realm
        digest = hashlib.sha256(f"{self.seed}:{n}".encode()).digest()
        word = "".join(_ONSETS[a % len(_ONSETS)] + _VOWELS[b % len(_VOWELS)] for a, b in (digest[:2], digest[2:4]))
        return f"{word}_{self.run}{_code(n, _CODE_LENGTH)}"

    def guild_name(self, realm: int, index: int) -> str:
        """Return the name of a guild."""
        n = index * self.realms + realm
        return f"{_GUILDS[n % len(_GUILDS)]}_{self.run}{_code(n, _CODE_LENGTH)}"


def world_spec(seed: int, start: date, days: int, realms: int, players: int | None, events: int) -> WorldSpec:
    """Return the spec of a world.

    If ``players`` is None, the spec has the number of players that usually causes this number of events.
    Raises OperatorError if the number of players cannot cause the number of events.
    """
    events_a_player = ActivityCurve(start, days).events_a_player()
    spec = WorldSpec(seed, start, days, realms, players or max(realms, round(events / events_a_player)), events)
    max_players = min(len(_DISTINCT) ** _CODE_LENGTH // 2, events // _MIN_EVENTS_A_PLAYER)
    min_players = max(realms, round(events / (events_a_player * _MAX_ACTIVITY_FACTOR)))
    if not min_players <= spec.players <= max_players:
        raise OperatorError(
            f"{spec.players:,} players cannot cause {events:,} events in {days} days: "
            f"choose {min_players:,} to {max_players:,} with --players"
        )
    return spec


def _share(total: int, parts: int, part: int) -> int:
    return total // parts + (part < total % parts)


def _code(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DISTINCT))
        digits.append(_DISTINCT[digit])
    return "".join(reversed(digits))
