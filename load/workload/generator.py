"""Plan the requests of a workload.

A planned request depends only on the seed, the player, the incarnation and the step, and never on a response. (A player
slot plays one player after the other; each of these players is one incarnation.) So the same seed always gives the same
requests, in whatever order threads run. The outcomes of the requests differ from run to run.

The plan causes contention. Players try to buy more than they can pay, and they strike the same player of their realm.
They want the same guilds, the same crowns and the few pieces of an edition. They also accept trades while the offered
goods are being spent.
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
T = TypeVar("T")

#: How a request is sent. ``once``: one time. ``concurrent_duplicate``: twice at the same time, with the same key.
#: ``sequential_duplicate``: again with the same key after the first one has ended. ``concurrent_distinct``: three times
#: at the same time, with different keys.
DeliveryMode = Literal["once", "concurrent_duplicate", "sequential_duplicate", "concurrent_distinct"]

# Relative frequencies of the operations. Reads are frequent, because the checker compares each of them with the log.
_WEIGHTS: Final[dict[OperationType, int]] = {
    "buy_sword": 10,
    "buy": 12,
    "sell": 6,
    "enchant_sword": 6,
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

# In the first steps, a player tries to get what most other actions require: a sword and a guild.
_FIRST_STEPS: Final = 3
_FIRST_WEIGHTS: Final[dict[OperationType, int]] = {"buy_sword": 4, "buy": 2, "join_guild": 4, "inventory": 1}

# The target is the player whom all others strike. It drinks potions and revives more often than the others.
_TARGET_WEIGHTS: Final[dict[OperationType, int]] = _WEIGHTS | {"buy": 20, "drink": 20, "revive": 40}

# Batches mostly contain actions that are likely to succeed, because one rejected action rejects the whole batch.
_BATCH_WEIGHTS: Final[dict[OperationType, int]] = {
    "buy_sword": 3,
    "buy": 3,
    "claim_gold": 2,
    "strike": 5,
    "give": 2,
    "deposit": 2,
    "sell": 1,
    "enchant_sword": 1,
    "join_guild": 1,
    "leave_guild": 1,
    "lead_guild": 1,
    "pay_out": 1,
    "accept_trade": 1,
    "claim_reward": 1,
    "drink": 1,
    "revive": 1,
}

_DELIVERY_WEIGHTS: Final[dict[DeliveryMode, int]] = {
    "once": 70,
    "concurrent_duplicate": 10,
    "sequential_duplicate": 10,
    "concurrent_distinct": 10,
}

_READS: Final = frozenset({"inventory", "history"})
MAX_BATCH_ACTIONS: Final = 3
SAME_TARGET_SHARE: Final = 0.5  # probability that a chosen player is the target, the first player of the realm

# Share of the purchases that require an expected price. The same share requires an unchanged inventory.
CONDITIONAL_SHARE: Final = 0.1

_GUILD_NEIGHBOURS: Final = 4  # number of players who want the same small guild
_CHEAP: Final = ("wooden_sword", "iron_sword", "oak_shield", "small_potion")
_CHEAP_SWORDS: Final = _CHEAP[:2]
_POTIONS: Final = ("small_potion",)
_EDITIONS: Final = tuple(name for name, item in catalogue.FOR_SALE.items() if item.edition)


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """One request and how to send it.

    ``key`` is empty for a read. ``further_keys`` are the keys of the other two requests of ``concurrent_distinct``. If
    ``if_unchanged`` is true, the request is sent with the ETag of the inventory that the player read last.
    """

    kind: OperationType
    request: Json
    key: str
    further_keys: tuple[str, str]
    delivery: DeliveryMode
    if_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class PlayerSlot:
    """A slot that plays one player after the other. Each of these players is an incarnation.

    ``number`` is the number of the slot. ``peers`` are the numbers of all slots in its realm, including its own.
    """

    seed: int
    run: str
    realm: int
    number: int
    peers: tuple[int, ...]

    def name(self, incarnation: int) -> str:
        """Return the name of the player that the slot plays in this incarnation."""
        return f"p{self.number}_{self.run}_{incarnation}"

    def peer(self, number: int) -> "PlayerSlot":
        """Return the slot with this number in the same realm."""
        return PlayerSlot(self.seed, self.run, self.realm, number, self.peers)

    def plan_registration(self, incarnation: int) -> PlannedRequest:
        """Return the request that registers the player."""
        draw = _Draw(self, incarnation, 0)
        key, further, delivery = draw.key(), (draw.key(), draw.key()), draw.weighted(_DELIVERY_WEIGHTS)
        return PlannedRequest("register", {"realm": self.realm, "name": self.name(incarnation)}, key, further, delivery)

    def plan(self, incarnation: int, step: int) -> PlannedRequest:
        """Return the request that the player sends in this step of the incarnation; the first step is 1."""
        draw = _Draw(self, incarnation, step)
        key, further, delivery = draw.key(), (draw.key(), draw.key()), draw.weighted(_DELIVERY_WEIGHTS)
        kind = draw.kind()
        request = _request(draw, kind)
        is_purchase = kind in ("buy", "buy_sword")
        key = "" if kind in _READS else key
        conditional = is_purchase and draw.rng.random() < CONDITIONAL_SHARE
        return PlannedRequest(kind, request, key, further, delivery, conditional)


class _Draw:
    """The random choices that plan one step."""

    def __init__(self, slot: PlayerSlot, incarnation: int, step: int) -> None:
        self.slot, self.incarnation, self.step = slot, incarnation, step
        seed = f"{slot.seed}:{slot.number}:{incarnation}:{step}"
        self.rng = random.Random(seed)  # noqa: S311 - must be repeatable, and is not a secret

    def key(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def kind(self) -> OperationType:
        if self.step <= _FIRST_STEPS:
            return self.weighted(_FIRST_WEIGHTS)
        return self.weighted(_TARGET_WEIGHTS if self.is_target() else _WEIGHTS)

    def is_target(self) -> bool:
        return self.slot.number == self.slot.peers[0]

    def weighted(self, weights: dict[T, int]) -> T:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def one_of(self, names: Sequence[str]) -> str:
        return self.rng.choice(names)

    def any_player(self) -> str:
        """Return a player in the realm: often the target, and seldom the acting player itself.

        The returned player is in the same incarnation as the acting player.
        """
        peers = self.slot.peers
        number = peers[0] if self.rng.random() < SAME_TARGET_SHARE else self.rng.choice(peers)
        return self.slot.peer(number).name(self.incarnation)

    def neighbour(self) -> str:
        """Return the name of the player in the next slot of the realm."""
        peers = self.slot.peers
        return self.slot.peer(peers[(peers.index(self.slot.number) + 1) % len(peers)]).name(self.incarnation)

    def item(self) -> str:
        """Return a cheap item, an item of an edition, or any item, each with the same probability.

        For the target, a potion takes the place of the cheap item, because the target needs potions.
        """
        cheap = _POTIONS if self.is_target() else _CHEAP
        return self.one_of(self.rng.choice((cheap, _EDITIONS, tuple(catalogue.FOR_SALE))))

    def guild(self) -> str:
        """Return the name of the guild that all peers want, or of a guild that only a few neighbours want.

        Because each group of neighbours has its own guild, there are many leaders.
        """
        group = self.slot.peers.index(self.slot.number) // _GUILD_NEIGHBOURS
        prefix = "g" if self.rng.random() < 0.4 else f"h{group}_"
        return f"{prefix}{self.incarnation}_{self.slot.run}"

    def guild_mate(self) -> str:
        """Return a player who may be in the same guild."""
        return self.neighbour() if self.rng.random() < 0.7 else self.any_player()

    def gold(self, maximum: int) -> int:
        return self.rng.randint(1, maximum)

    def sometimes(self, chance: float, **values: object) -> Json:
        return values if self.rng.random() < chance else {}

    def goods(self) -> Json:
        """Return a little gold or a cheap sword, which many players have."""
        if self.rng.random() < 0.7:
            return {"gold": self.gold(8)}
        return {"item": _any_of(self, ("wooden_sword",)), "quantity": 1}

    def trade(self, *, own: bool) -> str:
        """Return the id of a trade that was offered in an earlier step.

        If ``own`` is true, the trade is an offer by this player, otherwise an offer to this player. If there is no such
        offer, the id is random.
        """
        givers = [self.slot.number] if own else [n for n in self.slot.peers if n != self.slot.number]
        me, offers = self.slot.name(self.incarnation), []
        for giver in givers:
            for step in range(1, self.step):
                offer = _offer(self.slot.peer(giver), self.incarnation, step)
                if offer and (own or offer[1] == me):
                    offers.append(offer[0])
        return self.one_of(offers) if offers else self.key()


@lru_cache(maxsize=100_000)
def _offer(slot: PlayerSlot, incarnation: int, step: int) -> tuple[str, str] | None:
    """Return the id of the trade that this step offers and the player who gets the offer, or None if it offers none."""
    draw = _Draw(slot, incarnation, step)
    key, _, _ = draw.key(), (draw.key(), draw.key()), draw.weighted(_DELIVERY_WEIGHTS)
    if draw.kind() != "offer_trade":
        return None
    return event_id_of(slot.realm, slot.name(incarnation), key), _request(draw, "offer_trade")["to"]


def _request(draw: _Draw, kind: OperationType) -> Json:
    return _REQUESTS[kind](draw) if kind in _REQUESTS else {}


def _purchase(draw: _Draw, field: str) -> Json:
    is_sword = field == "sword"
    item = draw.one_of(draw.rng.choice((_CHEAP_SWORDS, tuple(catalogue.SWORDS)))) if is_sword else draw.item()
    price = catalogue.FOR_SALE[item].price
    expected = draw.sometimes(CONDITIONAL_SHARE, expected_price=price + draw.gold(2) - 1)  # right in half of the cases
    quantity = draw.sometimes(0.2, quantity=draw.gold(3)) if not is_sword else {}
    return {field: item} | expected | quantity


def _strike(draw: _Draw) -> Json:
    return {"target": draw.any_player()} | draw.sometimes(0.1, sword=draw.one_of(_CHEAP_SWORDS))


def _enchant(draw: _Draw) -> Json:
    # In 5% of the cases, the sword is already enchanted, and the rules must reject the request.
    sword = draw.one_of(_CHEAP_SWORDS if draw.rng.random() < 0.8 else tuple(catalogue.SWORDS))
    return {"sword": catalogue.enchanted(sword) if draw.rng.random() < 0.05 else sword}


def _any_of(draw: _Draw, items: Sequence[str]) -> str:
    """Return one of the items. If it is a sword, it is enchanted in 30% of the cases.

    Enchanted swords are included, because giving or selling one must not leave an enchantment behind.
    """
    item = draw.one_of(items)
    return catalogue.enchanted(item) if item in catalogue.SWORDS and draw.rng.random() < 0.3 else item


def _leave(draw: _Draw) -> Json:
    return draw.sometimes(0.3, successor=draw.guild_mate())


def _lead(draw: _Draw) -> Json:
    return {"player": draw.slot.name(draw.incarnation) if draw.rng.random() < 0.2 else draw.guild_mate()}


def _batch(draw: _Draw) -> Json:
    kinds = [draw.weighted(_BATCH_WEIGHTS) for _ in range(draw.rng.randint(2, MAX_BATCH_ACTIONS))]
    return {"actions": [{"action": kind} | _request(draw, kind) for kind in kinds]}


_REQUESTS: Final[dict[OperationType, Callable[[_Draw], Json]]] = {
    "buy_sword": lambda draw: _purchase(draw, "sword"),
    "buy": lambda draw: _purchase(draw, "item"),
    "sell": lambda draw: {"item": _any_of(draw, _CHEAP)} | draw.sometimes(0.1, quantity=2),
    "enchant_sword": _enchant,
    "claim_reward": lambda draw: {"quest": draw.one_of(list(catalogue.QUESTS))},
    "strike": _strike,
    "drink": lambda draw: {"potion": draw.one_of(["small_potion", "small_potion", "large_potion"])},
    "give": lambda draw: {"to": draw.any_player()} | draw.goods(),
    "offer_trade": lambda draw: {"to": draw.neighbour(), "give": draw.goods(), "want": draw.goods()},
    "accept_trade": lambda draw: {"trade": draw.trade(own=False)},
    "decline_trade": lambda draw: {"trade": draw.trade(own=draw.rng.random() < 0.5)},
    "found_guild": lambda draw: {"guild": draw.guild()},
    "enter_guild": lambda draw: {"guild": draw.guild()},
    "join_guild": lambda draw: {"guild": draw.guild()},
    "leave_guild": _leave,
    "lead_guild": _lead,
    "deposit": lambda draw: {"gold": draw.gold(20)},
    "pay_out": lambda draw: {"to": draw.guild_mate(), "gold": draw.gold(5)},
    "batch": lambda draw: _batch(draw) | {"atomic": True},
    "batch_apart": lambda draw: _batch(draw) | {"atomic": False},
}
