"""What one player sends in minutes of play, planned before anything is answered."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from game import catalogue
from game.events import event_id_of
from load.simulation.personas import APPEAL, NO_PURCHASE_UTILITY, PERSONAS
from load.workload.history import OperationType
from load.workload.operations import ROUTES

Json = dict[str, Any]

_HURRY: Final = 0.25  # a scenario lasts minutes: of the persona's pauses so much is left
_LEAST_PAUSE: Final = 2.0  # seconds: what the action before has changed is settled by then, mostly
_BLOWS: Final = (1, 2, 3, 5)
_ANSWER_SECONDS: Final = 4.0  # from the offer of a trade to its acceptance


@dataclass(frozen=True, slots=True)
class Step:
    """One run of ab: ``number`` times the same request, ``at_once`` at a time. ``who`` is the number of the player who
    sends it, None for nobody. A step ``register`` of a player is sent by the Python client, which keeps the token."""

    at: float
    who: int | None
    action: str
    method: str
    path: str
    body: Json = field(default_factory=dict)
    number: int = 1
    at_once: int = 1
    key: str = ""
    is_limited: bool = False  # sent without the operator's key


@dataclass(frozen=True, slots=True)
class Member:
    """A player of the plan."""

    number: int
    name: str
    realm: int
    kind: str
    guild: str  # that the player would join
    arrives: float


class SessionPlan:
    """One player's steps. What the player owns is guessed from what was planned: some of it will be refused."""

    def __init__(self, members: Sequence[Member], who: int, seconds: float, rng: random.Random, rush: str) -> None:
        self._members, self._seconds, self._rng, self._rush = members, seconds, rng, rush
        self._me, self._persona = members[who], PERSONAS[members[who].kind]
        self._gold, self._owned, self._in_guild = catalogue.STARTING_GOLD, list[str](), False
        self._at, self._steps = self._me.arrives, list[Step]()
        self._acts: dict[str, Callable[[], None]] = {
            "look_shop": self._look_shop,
            "look_inventory": lambda: self._send("look_inventory", "inventory", {}),
            "buy": self._buy,
            "sell": self._sell,
            "strike": self._strike,
            "drink": self._drink,
            "gift": self._gift,
            "trade": self._trade,
            "guild": self._guild,
            "quest": self._quest,
        }

    def steps(self, most: int) -> list[Step]:
        """At most so many, none of them after the end; to register comes first."""
        self._send("register", "register", {"realm": self._me.realm, "name": self._me.name})
        if self._rush:
            self._at = max(self._at, self._seconds / 2 + self._rng.expovariate(1.0))
            self._send("buy_rare", "buy_sword", {"sword": self._rush})
        wants = self._persona.wants
        turns = 3 + int(self._rng.expovariate(1 / self._persona.actions))
        # The funnel first: to look around, and to buy something.
        first = ["look_shop", "look_inventory", "buy"]
        for action in first + self._rng.choices(list(wants), list(wants.values()), k=turns):
            if len(self._steps) < most and self._at < self._seconds:
                self._acts[action]()
        return [step for step in self._steps[:most] if step.at < self._seconds]

    def _send(self, action: str, kind: OperationType, request: Json, *, number: int = 1, key: str = "") -> None:
        path, body, _ = ROUTES[kind].address(request)
        step = Step(self._at, self._me.number, action, ROUTES[kind].method, path, body, number, key=key)
        self._steps.append(step)
        self._pause()

    def _pause(self) -> None:
        self._at += _LEAST_PAUSE + self._rng.expovariate(1 / (_HURRY * self._persona.pause_seconds))

    def _look_shop(self) -> None:
        self._steps.append(Step(self._at, self._me.number, "look_shop", "GET", "/shop"))
        self._pause()

    def _buy(self) -> None:
        """As in a history: a logit choice of what can be paid, and nothing."""
        names, weights = [""], [math.exp(NO_PURCHASE_UTILITY)]
        for name, appeal in APPEAL.items():
            if catalogue.ITEMS[name].price <= self._gold and name not in self._owned:
                names.append(name)
                weights.append(math.exp(appeal - self._persona.thrift * catalogue.ITEMS[name].price / 10))
        item = self._rng.choices(names, weights)[0]
        if item:
            self._gold -= catalogue.ITEMS[item].price
            self._owned.append(item)
            self._send("buy", "buy", {"item": item})

    def _sell(self) -> None:
        if self._owned:
            self._send("sell", "sell", {"item": self._owned.pop()})

    def _strike(self) -> None:
        other = self._other()
        if other and any(item in catalogue.SWORDS for item in self._owned):
            self._send("strike", "strike", {"target": other.name}, number=self._rng.choice(_BLOWS))

    def _drink(self) -> None:
        potion = next((item for item in self._owned if catalogue.ITEMS[item].kind == "potion"), None)
        if potion:
            self._owned.remove(potion)
            self._send("drink", "drink", {"potion": potion})

    def _gift(self) -> None:
        other = self._other()
        if other and self._gold >= 10:
            gold = self._rng.randint(1, self._gold // 2)
            self._gold -= gold
            self._send("gift", "give", {"to": other.name, "gold": gold})

    def _trade(self) -> None:
        """Both sides: the id of the offer follows from its key."""
        other = self._other()
        if other is None or not self._owned:
            return
        item = self._owned.pop()
        key = f"trade-{self._me.name}-{len(self._steps)}"
        sides = {"give": {"item": item}, "want": {"gold": max(1, catalogue.ITEMS[item].price // 2)}}
        self._send("trade", "offer_trade", {"to": other.name, **sides}, key=key)
        trade = event_id_of(self._me.realm, self._me.name, key)
        at = self._steps[-1].at + _ANSWER_SECONDS
        self._steps.append(Step(at, other.number, "trade", "POST", f"/trades/{trade}/acceptance"))

    def _guild(self) -> None:
        """Join first, then give to the treasury."""
        if not self._in_guild:
            self._in_guild = True
            self._send("guild", "join_guild", {"guild": self._me.guild})
        elif self._gold >= 10:
            self._gold -= 5
            self._send("guild", "deposit", {"gold": 5})

    def _quest(self) -> None:
        self._send(
            "quest", "claim_reward", {"quest": self._rng.choice(["first_blade", "well_guarded", "first_victory"])}
        )

    def _other(self) -> Member | None:
        """Somebody of the realm who has come by then."""
        there = [
            m for m in self._members if m.realm == self._me.realm and m is not self._me and m.arrives < self._at - 2
        ]
        return self._rng.choice(there) if there else None
