"""What a history is asked to be, how it is shared out among the realms, and the names in it."""

import hashlib
from dataclasses import dataclass
from datetime import date

from infra.errors import OperatorError
from load.simulation.activity_curve import ActivityCurve

# No two names of these characters look alike, and none of them looks like another one beside its neighbours: whatever
# ends in so many of them is a name of its own, as the rules see it.
_DISTINCT = "23456789abcdefghjkpqstuxyz"
_RUN_LENGTH = 4
_CODE_LENGTH = 4
_LEAST_EVENTS_A_PLAYER = 6  # somebody who comes once causes as many
_MOST_EAGERNESS = 10.0  # how much more than usual players may be made to do

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
    """A function of what is given here, the day included: the same era has the same events."""

    seed: int
    start: date
    days: int
    realms: int
    players: int
    events: int

    @property
    def rhythm(self) -> ActivityCurve:
        """When things happen."""
        return ActivityCurve(self.start, self.days)

    @property
    def run(self) -> str:
        """A short code that all names of the era have in them, so that they are nobody else's."""
        said = f"{self.seed}:{self.start}:{self.days}:{self.realms}:{self.players}:{self.events}"
        return _code(int.from_bytes(hashlib.sha256(said.encode()).digest()[:8]), _RUN_LENGTH)

    @property
    def eagerness(self) -> float:
        """How much more each player does than the personas say, so that there are as many events as were asked for."""
        return self.events / (self.players * self.rhythm.events_a_player())

    def events_of(self, realm: int) -> int:
        """How many records the realm gets."""
        return _share(self.events, self.realms, realm)

    def players_of(self, realm: int) -> int:
        """How many players the realm gets."""
        return _share(self.players, self.realms, realm)

    def player_name(self, realm: int, number: int) -> str:
        """The name of a player; it tells nothing about the player."""
        n = number * self.realms + realm
        digest = hashlib.sha256(f"{self.seed}:{n}".encode()).digest()
        word = "".join(_ONSETS[a % len(_ONSETS)] + _VOWELS[b % len(_VOWELS)] for a, b in (digest[:2], digest[2:4]))
        return f"{word}_{self.run}{_code(n, _CODE_LENGTH)}"

    def guild_name(self, realm: int, number: int) -> str:
        """The name of a guild."""
        n = number * self.realms + realm
        return f"{_GUILDS[n % len(_GUILDS)]}_{self.run}{_code(n, _CODE_LENGTH)}"


def world_spec(seed: int, start: date, days: int, realms: int, players: int | None, events: int) -> WorldSpec:
    """The era with these figures; without a number of players there are as many as usually cause so many events.
    Raises OperatorError if so many players cannot cause so many events."""
    usual = ActivityCurve(start, days).events_a_player()
    found = WorldSpec(seed, start, days, realms, players or max(realms, round(events / usual)), events)
    most = min(len(_DISTINCT) ** _CODE_LENGTH // 2, events // _LEAST_EVENTS_A_PLAYER)
    least = max(realms, round(events / (usual * _MOST_EAGERNESS)))
    if not least <= found.players <= most:
        raise OperatorError(
            f"{found.players:,} players do not cause {events:,} events in {days} days: choose {least:,} to {most:,}"
        )
    return found


def _share(total: int, parts: int, part: int) -> int:
    return total // parts + (part < total % parts)


def _code(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DISTINCT))
        digits.append(_DISTINCT[digit])
    return "".join(reversed(digits))
