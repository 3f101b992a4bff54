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
from load.workload.history import OperationType

Json = dict[str, Any]
DeliveryMode = Literal["once", "twice", "again", "rush"]
T = TypeVar("T")

# How often. There are so many reads because each is checked against the log.
_WEIGHTS: Final[dict[OperationType, int]] = {
    "buy_sword": 10,
    "buy": 12,
    "sell": 6,
    "claim_gold": 5,
    "claim_reward": 6,
    "strike": 26,
    "drink": 3,
    "revive": 3,
    "give": 5,
    "offer_trade": 10,
    "accept_trade": 9,
    "decline_trade": 2,
    "found_guild": 1,
    "enter_guild": 3,
    "join_guild": 9,
    "leave_guild": 3,
    "lead_guild": 6,
    "deposit": 8,
    "pay_out": 8,
    "batch": 7,
    "batch_apart": 4,
    "depart": 1,
    "inventory": 22,
    "history": 5,
}

# Who begins wants what everything else takes: a sword, a guild.
_FIRST_TURNS: Final = 3
_FIRST_WEIGHTS: Final[dict[OperationType, int]] = {"buy_sword": 4, "buy": 2, "join_guild": 4, "inventory": 1}

# Whom everybody strikes drinks and gets up again.
_WEIGHTS_OF_THE_TARGET: Final[dict[OperationType, int]] = _WEIGHTS | {"buy": 20, "drink": 20, "revive": 40}

# Of a batch: what often can be done, as one action that cannot ends all of it.
_WEIGHTS_IN_A_BATCH: Final[dict[OperationType, int]] = {
    "buy_sword": 3,
    "buy": 3,
    "claim_gold": 2,
    "strike": 5,
    "give": 2,
    "deposit": 2,
    "sell": 1,
    "join_guild": 1,
    "leave_guild": 1,
    "lead_guild": 1,
    "pay_out": 1,
    "accept_trade": 1,
    "claim_reward": 1,
    "drink": 1,
    "revive": 1,
}

# How often, of 100, an action is done once; twice at the same time with one key; again after it has ended, with the
# same key; or thrice at the same time with different keys.
_MANNERS: Final[dict[DeliveryMode, int]] = {"once": 70, "twice": 10, "again": 10, "rush": 10}

_READS: Final = frozenset({"inventory", "history"})
MOST_IN_A_BATCH: Final = 3
SAME_TARGET: Final = 0.5  # of all choices of somebody: the first player of the realm
_FEW: Final = 4  # neighbours who want the same small guild
_CHEAP: Final = ("wooden_sword", "iron_sword", "oak_shield", "small_potion")
_POTIONS: Final = ("small_potion",)
_SCARCE: Final = tuple(name for name, item in catalogue.ITEMS.items() if item.edition)
ONLY_IF: Final = 0.1  # of all purchases: only at a price, and only if the inventory has not changed


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """``key`` is empty for a read. ``if_unchanged``: only if the inventory is the one that was read last."""

    kind: OperationType
    request: Json
    key: str
    further_keys: tuple[str, str]
    manner: DeliveryMode
    if_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class PlayerSlot:
    """Where a player plays: the ``number`` among the ``crowd`` of a realm. One player after another has it."""

    seed: int
    run: str
    realm: int
    number: int
    crowd: tuple[int, ...]

    def name(self, life: int) -> str:
        """The name of the player who has the seat in this life."""
        return f"p{self.number}_{self.run}_{life}"

    def of(self, number: int) -> "PlayerSlot":
        """Another one of the crowd."""
        return PlayerSlot(self.seed, self.run, self.realm, number, self.crowd)

    def first_wish(self, life: int) -> PlannedRequest:
        """To be registered."""
        draw = _Draw(self, life, 0)
        key, further, manner = draw.key(), (draw.key(), draw.key()), draw.weighted(_MANNERS)
        return PlannedRequest("register", {"realm": self.realm, "name": self.name(life)}, key, further, manner)

    def wish(self, life: int, turn: int) -> PlannedRequest:
        """What the player wants in this turn of the life."""
        draw = _Draw(self, life, turn)
        key, further, manner = draw.key(), (draw.key(), draw.key()), draw.weighted(_MANNERS)
        kind = draw.kind()
        request = _request(draw, kind)
        is_purchase = kind in ("buy", "buy_sword")
        key = "" if kind in _READS else key
        return PlannedRequest(kind, request, key, further, manner, is_purchase and draw.rng.random() < ONLY_IF)


class _Draw:
    """The random choices of one turn."""

    def __init__(self, seat: PlayerSlot, life: int, turn: int) -> None:
        self.seat, self.life, self.turn = seat, life, turn
        self.rng = random.Random(f"{seat.seed}:{seat.number}:{life}:{turn}")  # noqa: S311 - repeatable, and no secret

    def key(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def kind(self) -> OperationType:
        if self.turn <= _FIRST_TURNS:
            return self.weighted(_FIRST_WEIGHTS)
        return self.weighted(_WEIGHTS_OF_THE_TARGET if self.seat.number == self.seat.crowd[0] else _WEIGHTS)

    def weighted(self, weights: dict[T, int]) -> T:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def one_of(self, names: Sequence[str]) -> str:
        return self.rng.choice(names)

    def somebody(self) -> str:
        """A player who has the same life, if all lives are as long; often the same one, and seldom oneself."""
        crowd = self.seat.crowd
        number = crowd[0] if self.rng.random() < SAME_TARGET else self.rng.choice(crowd)
        return self.seat.of(number).name(self.life)

    def neighbour(self) -> str:
        """The next one of the crowd."""
        crowd = self.seat.crowd
        return self.seat.of(crowd[(crowd.index(self.seat.number) + 1) % len(crowd)]).name(self.life)

    def item(self) -> str:
        """Cheap, of an edition, or any; whom everybody strikes needs potions."""
        is_target = self.seat.number == self.seat.crowd[0]
        return self.one_of(self.rng.choice((_POTIONS if is_target else _CHEAP, _SCARCE, tuple(catalogue.ITEMS))))

    def guild(self) -> str:
        """Everybody wants the charter and the seats of the first one; of the others a few neighbours do, so that there
        are many leaders."""
        few = self.seat.crowd.index(self.seat.number) // _FEW
        return f"{'g' if self.rng.random() < 0.4 else f'h{few}_'}{self.life}_{self.seat.run}"

    def companion(self) -> str:
        """Somebody who may be in the same guild."""
        return self.neighbour() if self.rng.random() < 0.7 else self.somebody()

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
def _offer(seat: PlayerSlot, life: int, turn: int) -> tuple[str, str] | None:
    """The id of the trade that is offered in this turn and to whom, None if the wish is another one."""
    draw = _Draw(seat, life, turn)
    key, _, _ = draw.key(), (draw.key(), draw.key()), draw.weighted(_MANNERS)
    if draw.kind() != "offer_trade":
        return None
    return event_id_of(seat.realm, seat.name(life), key), _request(draw, "offer_trade")["to"]


def _request(draw: _Draw, kind: OperationType) -> Json:
    return _REQUESTS[kind](draw) if kind in _REQUESTS else {}


def _purchase(draw: _Draw, name: str) -> Json:
    item = draw.one_of(draw.rng.choice((_CHEAP[:2], tuple(catalogue.SWORDS)))) if name == "sword" else draw.item()
    wrong = draw.sometimes(ONLY_IF, expected_price=catalogue.ITEMS[item].price + draw.gold(2) - 1)
    more = draw.sometimes(0.2, quantity=draw.gold(3)) if name == "item" else {}
    return {name: item} | wrong | more


def _strike(draw: _Draw) -> Json:
    return {"target": draw.somebody()} | draw.sometimes(0.1, sword=draw.one_of(_CHEAP[:2]))


def _leave(draw: _Draw) -> Json:
    return draw.sometimes(0.3, successor=draw.companion())


def _lead(draw: _Draw) -> Json:
    return {"player": draw.seat.name(draw.life) if draw.rng.random() < 0.2 else draw.companion()}


def _batch(draw: _Draw) -> Json:
    kinds = [draw.weighted(_WEIGHTS_IN_A_BATCH) for _ in range(draw.rng.randint(2, MOST_IN_A_BATCH))]
    return {"actions": [{"action": kind} | _request(draw, kind) for kind in kinds]}


_REQUESTS: Final[dict[OperationType, Callable[[_Draw], Json]]] = {
    "buy_sword": lambda draw: _purchase(draw, "sword"),
    "buy": lambda draw: _purchase(draw, "item"),
    "sell": lambda draw: {"item": draw.one_of(_CHEAP)} | draw.sometimes(0.1, quantity=2),
    "claim_reward": lambda draw: {"quest": draw.one_of(list(catalogue.QUESTS))},
    "strike": _strike,
    "drink": lambda draw: {"potion": draw.one_of(["small_potion", "small_potion", "large_potion"])},
    "give": lambda draw: {"to": draw.somebody()} | draw.goods(),
    "offer_trade": lambda draw: {"to": draw.neighbour(), "give": draw.goods(), "want": draw.goods()},
    "accept_trade": lambda draw: {"trade": draw.trade(own=False)},
    "decline_trade": lambda draw: {"trade": draw.trade(own=draw.rng.random() < 0.5)},
    "found_guild": lambda draw: {"guild": draw.guild()},
    "enter_guild": lambda draw: {"guild": draw.guild()},
    "join_guild": lambda draw: {"guild": draw.guild()},
    "leave_guild": _leave,
    "lead_guild": _lead,
    "deposit": lambda draw: {"gold": draw.gold(20)},
    "pay_out": lambda draw: {"to": draw.companion(), "gold": draw.gold(5)},
    "batch": lambda draw: _batch(draw) | {"atomic": True},
    "batch_apart": lambda draw: _batch(draw) | {"atomic": False},
}
