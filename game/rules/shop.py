"""Buying and selling."""

from game import catalogue
from game.accounts import Transfer
from game.catalogue import Item, ItemKind
from game.decision import Decision, RuleViolation


def buy(player: str, name: str, quantity: int, expected_price: int | None, kind: ItemKind | None = None) -> Decision:
    """Gold for items of the catalogue; ``expected_price`` is what the client believes that one costs, ``kind`` what it
    must be."""
    item = find(name, kind)
    if expected_price not in (None, item.price):
        raise RuleViolation("price_changed", f"{name} costs {item.price} gold, not {expected_price}")
    details: dict[str, str | int] = {"item": name, "kind": item.kind, "price": item.price, "quantity": quantity}
    return Decision(
        "sword_bought" if item.kind == "sword" else "item_bought",
        details | ({"sword": name} if item.kind == "sword" else {}),
        (
            Transfer(f"player:{player}:gold", "house:shop", item.price * quantity),
            Transfer(stock(name), f"player:{player}:item:{name}", quantity),
        ),
    )


def sell(player: str, name: str, quantity: int) -> Decision:
    """Items for half of their price. A piece of an edition can then be bought again."""
    item = find(name)
    return Decision(
        "item_sold",
        {"item": name, "kind": item.kind, "price": item.resale, "quantity": quantity},
        (
            Transfer(f"player:{player}:item:{name}", stock(name), quantity),
            Transfer("house:buyback", f"player:{player}:gold", item.resale * quantity),
        ),
    )


def find(name: str, kind: ItemKind | None = None) -> Item:
    """The item of this name and kind. Raises RuleViolation if there is none."""
    item = catalogue.ITEMS.get(name)
    if item is None or kind not in (None, item.kind):
        there_are = [n for n, i in catalogue.ITEMS.items() if kind in (None, i.kind)]
        raise RuleViolation(f"unknown_{kind or 'item'}", f"there is no {name!r}; the shop has {', '.join(there_are)}")
    return item


def stock(name: str) -> str:
    """The account that an item is bought from: an edition has so many pieces, everything else is made as needed."""
    edition = catalogue.ITEMS[name].edition if name in catalogue.ITEMS else None
    return f"shop:{name}:edition_{edition}" if edition else f"house:stock:{name}"
