"""Plan the requests of one player for minutes of play, before any response is known."""

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

_PAUSE_FACTOR: Final = 0.25  # on the persona's pauses, because a scenario lasts minutes only
_MIN_PAUSE_SECONDS: Final = 2.0  # the change by the previous action is mostly settled after this time
_STRIKES_IN_A_ROW: Final = (1, 2, 3, 5)
_ACCEPTANCE_SECONDS: Final = 4.0  # from the offer of a trade to its acceptance: enough to settle the offer
_MIN_ACTIONS: Final = 3  # after the first ones; an exponential distribution alone gives many empty sessions


@dataclass(frozen=True, slots=True)
class Step:
    """One run of ab: the same request, sent ``requests`` times with this ``concurrency``.

    ``player`` is the index of the player who sends it, None for a request without a player. The step ``register`` of a
    player is sent by the Python client, which keeps the token. ``at`` is in seconds after the start.
    """

    at: float
    player: int | None
    action: str
    method: str
    path: str
    body: Json = field(default_factory=dict)
    requests: int = 1
    concurrency: int = 1
    key: str = ""
    is_limited: bool = False  # sent without the operator's key, so the rate limits apply


@dataclass(frozen=True, slots=True)
class Member:
    """A player of the plan."""

    index: int
    name: str
    realm: int
    kind: str  # the name of the persona
    guild: str  # the guild that the player tries to join
    arrives: float  # seconds after the start


class SessionPlan:
    """The steps of one player. Its gold and items are guessed from the plan, so some requests will be rejected."""

    def __init__(
        self, members: Sequence[Member], player: int, seconds: float, rng: random.Random, hot_item: str
    ) -> None:
        self._members, self._seconds, self._rng, self._hot_item = members, seconds, rng, hot_item
        self._me, self._persona = members[player], PERSONAS[members[player].kind]
        self._gold, self._owned, self._in_guild = catalogue.STARTING_GOLD, list[str](), False
        self._at, self._steps = self._me.arrives, list[Step]()
        self._actions: dict[str, Callable[[], None]] = {
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

    def steps(self, max_steps: int) -> list[Step]:
        """Return the player's steps before the end of the scenario; the first one is the registration."""
        self._send("register", "register", {"realm": self._me.realm, "name": self._me.name})
        if self._hot_item:
            self._at = max(self._at, self._seconds / 2 + self._rng.expovariate(1.0))
            self._send("buy_rare", "buy_sword", {"sword": self._hot_item})
        weights = self._persona.action_weights
        count = _MIN_ACTIONS + int(self._rng.expovariate(1 / self._persona.actions))
        # The first actions are those of most newcomers: look around, then buy something.
        first = ["look_shop", "look_inventory", "buy"]
        for action in first + self._rng.choices(list(weights), list(weights.values()), k=count):
            if len(self._steps) < max_steps and self._at < self._seconds:
                self._actions[action]()
        return [step for step in self._steps[:max_steps] if step.at < self._seconds]

    def _send(self, action: str, kind: OperationType, request: Json, *, requests: int = 1, key: str = "") -> None:
        path, body, _ = ROUTES[kind].address(request)
        step = Step(self._at, self._me.index, action, ROUTES[kind].method, path, body, requests, key=key)
        self._steps.append(step)
        self._pause()

    def _pause(self) -> None:
        self._at += _MIN_PAUSE_SECONDS + self._rng.expovariate(1 / (_PAUSE_FACTOR * self._persona.pause_seconds))

    def _look_shop(self) -> None:
        self._steps.append(Step(self._at, self._me.index, "look_shop", "GET", "/shop"))
        self._pause()

    def _buy(self) -> None:
        """Make a logit choice among the affordable items and no purchase, as in the simulation."""
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
            self._send("strike", "strike", {"target": other.name}, requests=self._rng.choice(_STRIKES_IN_A_ROW))

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
        """Plan the offer and its acceptance; the id of the offer follows from its Idempotency-Key."""
        other = self._other()
        if other is None or not self._owned:
            return
        item = self._owned.pop()
        key = f"trade-{self._me.name}-{len(self._steps)}"
        sides = {"give": {"item": item}, "want": {"gold": max(1, catalogue.ITEMS[item].price // 2)}}
        self._send("trade", "offer_trade", {"to": other.name, **sides}, key=key)
        trade = event_id_of(self._me.realm, self._me.name, key)
        at = self._steps[-1].at + _ACCEPTANCE_SECONDS
        self._steps.append(Step(at, other.index, "trade", "POST", f"/trades/{trade}/acceptance"))

    def _guild(self) -> None:
        """Join the guild first, and deposit gold later."""
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
        """Draw another player of the realm whose registration is settled, which takes about two seconds."""
        candidates = [
            m for m in self._members if m.realm == self._me.realm and m is not self._me and m.arrives < self._at - 2
        ]
        return self._rng.choice(candidates) if candidates else None
