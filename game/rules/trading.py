"""The rules for gifts and trades. Both sides of a trade change hands in one event, or neither side does."""

from collections.abc import Mapping
from dataclasses import dataclass

from game import catalogue
from game.accounts import Transfer
from game.decision import Balances, Condition, Decision, RuleViolation, require_here
from game.rules import shop

Details = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Goods:
    """One side of an exchange: gold, and a quantity of one item."""

    gold: int = 0
    item: str | None = None
    quantity: int = 1

    def transfers(self, giver: str, taker: str) -> tuple[Transfer, ...]:
        """Return the transfers that hand the goods over."""
        gold = Transfer(f"player:{giver}:gold", f"player:{taker}:gold", self.gold)
        item = Transfer(f"player:{giver}:item:{self.item}", f"player:{taker}:item:{self.item}", self.quantity)
        return (*([gold] if self.gold else []), *([item] if self.item else []))

    def details(self, prefix: str = "") -> dict[str, str | int]:
        """Return the goods in the form of event details, whose names start with ``prefix``."""
        values = {"gold": self.gold or None, "item": self.item, "quantity": self.quantity if self.item else None}
        return {prefix + name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Offer:
    """A trade that one player has offered and the other has not yet accepted or declined."""

    id: str
    giver: str
    taker: str
    give: Goods
    want: Goods

    @classmethod
    def read(cls, event_id: str, player: str, details: Details) -> "Offer":
        """Return the offer that this player's event ``trade_offered`` describes in its details."""
        return cls(event_id, player, str(details["to"]), _goods(details, "give_"), _goods(details, "want_"))


def give(player: str, to: str, goods: Goods, to_balances: Balances) -> Decision:
    """Give another player a gift."""
    conditions = _require_other(player, to, to_balances)
    _require_goods(goods)
    return Decision(
        "gift_given",
        {"to": to, **goods.details()},
        (*goods.transfers(player, to), Transfer("house:gifts", f"player:{player}:gifts", 1)),
        conditions,
    )


def offer(
    player: str, to: str, sides: tuple[Goods, Goods], event_id: str, balances: Balances, to_balances: Balances
) -> Decision:
    """Offer goods in exchange for other goods.

    ``sides`` are the goods that the player gives and the goods that the player wants. An offer sets nothing aside: both
    players must have their goods when the offer is accepted. While it is open, each of the two players has an account
    that marks the offer. Closing the offer debits these accounts, so that it can be accepted or withdrawn only once.
    """
    conditions = _require_other(player, to, to_balances)
    for goods in sides:
        _require_goods(goods)
    if sum(name.startswith("offered:") for name in balances) >= catalogue.MAX_OFFERS:
        raise RuleViolation("too_many_offers", f"{player} has {catalogue.MAX_OFFERS} open offers: withdraw one")
    mine, theirs = _marks(player, to, event_id)
    given, wanted = sides
    return Decision(
        "trade_offered",
        {"to": to, **given.details("give_"), **wanted.details("want_")},
        (Transfer("house:offers", mine, 1), Transfer("house:offers", theirs, 1)),
        conditions,
    )


def accept(player: str, found: Offer) -> Decision:
    """Accept an offer, so that both sides change hands."""
    if player != found.taker:
        raise RuleViolation("not_your_trade", f"only {found.taker} can accept this trade")
    return Decision(
        "trade_made",
        {"trade": found.id, "with": found.giver, **found.give.details("give_"), **found.want.details("want_")},
        (*_close(found), *found.give.transfers(found.giver, player), *found.want.transfers(player, found.giver)),
    )


def decline(player: str, found: Offer) -> Decision:
    """End an offer: the giver withdraws it, or the taker declines it."""
    kind = "trade_withdrawn" if player == found.giver else "trade_declined"
    other = found.taker if player == found.giver else found.giver
    return Decision(kind, {"trade": found.id, "with": other}, _close(found))


def open_offers(balances: Balances) -> list[str]:
    """Return the ids of the open offers that the player with these balances has made or received."""
    names = (name.partition(":") for name, n in balances.items() if n and name.startswith(("offered:", "offer:")))
    return [_as_id(digits) for _, _, digits in names]


def _as_id(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _marks(giver: str, taker: str, event_id: str) -> tuple[str, str]:
    digits = event_id.replace("-", "")
    return f"player:{giver}:offered:{digits}", f"player:{taker}:offer:{digits}"


def _close(found: Offer) -> tuple[Transfer, ...]:
    return tuple(Transfer(mark, "house:offers", 1) for mark in _marks(found.giver, found.taker, found.id))


def _goods(details: Details, prefix: str) -> Goods:
    item = details.get(f"{prefix}item")
    return Goods(
        int(details.get(f"{prefix}gold", 0)),
        None if item is None else str(item),
        int(details.get(f"{prefix}quantity", 1)),
    )


def _require_goods(goods: Goods) -> None:
    if goods.item:
        shop.find(goods.item)
    elif not goods.gold:
        raise RuleViolation("nothing_given", "name gold or an item on each side")


def _require_other(player: str, other: str, other_balances: Balances) -> tuple[Condition, ...]:
    if player == other:
        raise RuleViolation("own_partner", "players cannot give to or trade with themselves")
    return require_here(other, other_balances)
