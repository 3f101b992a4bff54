"""Plan all requests that one player sends during some minutes of play, before any response is known."""

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

_PAUSE_FACTOR: Final = 0.25  # shortens the persona's pauses, because a scenario lasts only minutes
_MIN_PAUSE_SECONDS: Final = 2.0  # after this time, the event of the previous action is usually settled
_STRIKES_IN_A_ROW: Final = (1, 2, 3, 5)  # a player strikes one of these numbers of times in one run
_ACCEPTANCE_SECONDS: Final = 4.0  # from a trade offer to its acceptance; the offer is settled within this time
# Smallest number of actions after the fixed first ones. An exponential distribution alone would give many sessions
# without any further action.
_MIN_ACTIONS: Final = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One run of ab: the same request, sent ``requests`` times with this ``concurrency``.

    ``player`` is the index of the player who sends the request, or None if no player sends it. ``at`` is in seconds
    after the start. The step ``register`` of a player is sent by the Python client, because ab cannot keep the token.
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
    """A player in the plan."""

    index: int
    name: str
    realm: int
    kind: str  # the name of the persona
    guild: str  # the guild that the player tries to join
    arrives: float  # seconds after the start


class SessionPlan:
    """Plans the steps of one player.

    The plan can only guess how much gold and which items the player has, so the game will reject some requests.
    """

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
        """Return at most ``max_steps`` steps, all before the scenario's end. The first step is the registration."""
        self._send("register", "register", {"realm": self._me.realm, "name": self._me.name})
        if self._hot_item:
            self._at = max(self._at, self._seconds / 2 + self._rng.expovariate(1.0))
            self._send("buy_rare", "buy_sword", {"sword": self._hot_item})
        weights = self._persona.action_weights
        count = _MIN_ACTIONS + int(self._rng.expovariate(1 / self._persona.actions))
        # Begin like most newcomers, who first look around and then buy something.
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
        """Choose one of the affordable items, or no purchase, by the same logit model as in the simulation."""
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
        """Plan a trade offer, and its acceptance by the other player.

        The acceptance needs the offer's id, which is known before the response because it follows from the
        Idempotency-Key.
        """
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
        """Join the guild at the first call, and deposit gold at later calls."""
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
        """Draw another player in the realm whose registration is probably settled already.

        A registration is settled about two seconds after the player arrives.
        """
        candidates = [
            m for m in self._members if m.realm == self._me.realm and m is not self._me and m.arrives < self._at - 2
        ]
        return self._rng.choice(candidates) if candidates else None
