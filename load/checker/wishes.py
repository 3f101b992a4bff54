"""What players want: a function of the seed, the player, the life and the turn, and of nothing that the server says.

So a seed gives the same wishes however threads interleave; what the server makes of them differs from run to run.
Contention is the point: players want more than they can pay, the players of a realm strike the same one, want the same
guilds, their crowns and the few pieces of an edition, and answer trades whose goods are being spent.
"""

import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar

from game import catalogue
from game.events import event_id_of
from load.checker.history import Kind

Json = dict[str, Any]
Manner = Literal["once", "twice", "again", "rush"]
T = TypeVar("T")

# How often. There are so many reads because each is checked against the log.
_WEIGHTS: Final[dict[Kind, int]] = {
    "buy_sword": 12,
    "buy": 12,
    "sell": 4,
    "claim_gold": 5,
    "claim_reward": 5,
    "strike": 22,
    "drink": 3,
    "revive": 7,
    "give": 4,
    "offer_trade": 10,
    "accept_trade": 7,
    "decline_trade": 2,
    "found_guild": 1,
    "enter_guild": 3,
    "join_guild": 10,
    "leave_guild": 6,
    "lead_guild": 4,
    "deposit": 4,
    "pay_out": 4,
    "batch": 5,
    "batch_apart": 3,
    "depart": 1,
    "inventory": 22,
    "history": 5,
}

# How often, of 100, an action is done once; twice at the same time with one key; again after it has ended, with the
# same key; or thrice at the same time with different keys.
_MANNERS: Final[dict[Manner, int]] = {"once": 70, "twice": 10, "again": 10, "rush": 10}

_READS: Final = frozenset({"inventory", "history"})
_UNFIT_FOR_A_BATCH: Final = frozenset({"offer_trade", "batch", "batch_apart", "depart", *_READS})
MOST_IN_A_BATCH: Final = 4
SAME_TARGET: Final = 0.7  # of all choices of somebody: the first player of the realm
ONLY_IF: Final = 0.1  # of all purchases: only at a price, and only if the inventory has not changed


@dataclass(frozen=True, slots=True)
class Wish:
    """``key`` is empty for a read. ``if_unchanged``: only if the inventory is the one that was read last."""

    kind: Kind
    request: Json
    key: str
    further_keys: tuple[str, str]
    manner: Manner
    if_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a player plays: the ``number`` among the ``crowd`` of a realm. One player after another has it."""

    seed: int
    run: str
    realm: int
    number: int
    crowd: tuple[int, ...]

    def name(self, life: int) -> str:
        """The name of the player who has the seat in this life."""
        return f"p{self.number}_{self.run}_{life}"

    def of(self, number: int) -> "Seat":
        """Another one of the crowd."""
        return Seat(self.seed, self.run, self.realm, number, self.crowd)

    def first_wish(self, life: int) -> Wish:
        """To be registered."""
        draw = _Draw(self, life, 0)
        key, further, manner = draw.key(), (draw.key(), draw.key()), draw.weighted(_MANNERS)
        return Wish("register", {"realm": self.realm, "name": self.name(life)}, key, further, manner)

    def wish(self, life: int, turn: int) -> Wish:
        """What the player wants in this turn of the life."""
        draw = _Draw(self, life, turn)
        key, further, manner = draw.key(), (draw.key(), draw.key()), draw.weighted(_MANNERS)
        kind = draw.weighted(_WEIGHTS)
        request = _request(draw, kind)
        is_purchase = kind in ("buy", "buy_sword")
        key = "" if kind in _READS else key
        return Wish(kind, request, key, further, manner, is_purchase and draw.rng.random() < ONLY_IF)


class _Draw:
    """The random choices of one turn."""

    def __init__(self, seat: Seat, life: int, turn: int) -> None:
        self.seat, self.life, self.turn = seat, life, turn
        self.rng = random.Random(f"{seat.seed}:{seat.number}:{life}:{turn}")  # noqa: S311 - repeatable, and no secret

    def key(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def weighted(self, weights: dict[T, int]) -> T:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def one_of(self, names: Sequence[str]) -> str:
        return self.rng.choice(names)

    def somebody(self) -> str:
        """A player who has the same life, if all lives are as long; often the same one, and seldom oneself."""
        crowd = self.seat.crowd
        number = crowd[0] if self.rng.random() < SAME_TARGET else self.rng.choice(crowd)
        return self.seat.of(number).name(self.life)

    def guild(self) -> str:
        """Everybody wants the charter and the seats of the first one."""
        return f"{'g' if self.rng.random() < 0.8 else 'h'}{self.life}_{self.seat.run}"

    def gold(self, most: int) -> int:
        return self.rng.randint(1, most)

    def sometimes(self, chance: float, **values: object) -> Json:
        return values if self.rng.random() < chance else {}

    def goods(self) -> Json:
        """Little gold, or a cheap sword: what somebody has."""
        return {"gold": self.gold(8)} if self.rng.random() < 0.7 else {"item": "wooden_sword", "quantity": 1}

    def trade(self, *, own: bool) -> str:
        """One that was offered to this player before, or by; or any id, if there was none."""
        givers = [self.seat.number] if own else [n for n in self.seat.crowd if n != self.seat.number]
        me, offers = self.seat.name(self.life), []
        for giver in givers:
            for turn in range(1, self.turn):
                offer = _offer(self.seat.of(giver), self.life, turn)
                if offer and (own or offer[1] == me):
                    offers.append(offer[0])
        return self.one_of(offers) if offers else self.key()


@lru_cache(maxsize=100_000)
def _offer(seat: Seat, life: int, turn: int) -> tuple[str, str] | None:
    """The id of the trade that is offered in this turn and to whom, None if the wish is another one."""
    draw = _Draw(seat, life, turn)
    key, _, _ = draw.key(), (draw.key(), draw.key()), draw.weighted(_MANNERS)
    if draw.weighted(_WEIGHTS) != "offer_trade":
        return None
    return event_id_of(seat.realm, seat.name(life), key), _request(draw, "offer_trade")["to"]


def _request(draw: _Draw, kind: Kind) -> Json:
    return _REQUESTS[kind](draw) if kind in _REQUESTS else {}


def _purchase(draw: _Draw, name: str) -> Json:
    item = draw.one_of(list(catalogue.SWORDS if name == "sword" else catalogue.ITEMS))
    wrong = draw.sometimes(ONLY_IF, expected_price=catalogue.ITEMS[item].price + draw.gold(2) - 1)
    more = draw.sometimes(0.2, quantity=draw.gold(3)) if name == "item" else {}
    return {name: item} | wrong | more


def _strike(draw: _Draw) -> Json:
    return {"target": draw.somebody()} | draw.sometimes(0.2, sword=draw.one_of(list(catalogue.SWORDS)))


def _leave(draw: _Draw) -> Json:
    return draw.sometimes(0.3, successor=draw.somebody())


def _lead(draw: _Draw) -> Json:
    return {"player": draw.seat.name(draw.life) if draw.rng.random() < 0.4 else draw.somebody()}


def _batch(draw: _Draw) -> Json:
    weights = {kind: n for kind, n in _WEIGHTS.items() if kind not in _UNFIT_FOR_A_BATCH}
    kinds = [draw.weighted(weights) for _ in range(draw.rng.randint(2, MOST_IN_A_BATCH))]
    return {"actions": [{"action": kind} | _request(draw, kind) for kind in kinds]}


_REQUESTS: Final[dict[Kind, Callable[[_Draw], Json]]] = {
    "buy_sword": lambda draw: _purchase(draw, "sword"),
    "buy": lambda draw: _purchase(draw, "item"),
    "sell": lambda draw: {"item": draw.one_of(list(catalogue.ITEMS))} | draw.sometimes(0.2, quantity=2),
    "claim_reward": lambda draw: {"quest": draw.one_of(list(catalogue.QUESTS))},
    "strike": _strike,
    "drink": lambda draw: {"potion": draw.one_of(["small_potion", "large_potion"])},
    "give": lambda draw: {"to": draw.somebody()} | draw.goods(),
    "offer_trade": lambda draw: {"to": draw.somebody(), "give": draw.goods(), "want": draw.goods()},
    "accept_trade": lambda draw: {"trade": draw.trade(own=False)},
    "decline_trade": lambda draw: {"trade": draw.trade(own=draw.rng.random() < 0.5)},
    "found_guild": lambda draw: {"guild": draw.guild()},
    "enter_guild": lambda draw: {"guild": draw.guild()},
    "join_guild": lambda draw: {"guild": draw.guild()},
    "leave_guild": _leave,
    "lead_guild": _lead,
    "deposit": lambda draw: {"gold": draw.gold(20)},
    "pay_out": lambda draw: {"to": draw.somebody(), "gold": draw.gold(10)},
    "batch": lambda draw: _batch(draw) | {"atomic": True},
    "batch_apart": lambda draw: _batch(draw) | {"atomic": False},
}
