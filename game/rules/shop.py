"""The rules for buying and selling items, and for enchanting swords."""

from game import catalogue
from game.accounts import Transfer
from game.catalogue import Item, ItemKind
from game.decision import Decision, RuleViolation


def buy(player: str, name: str, quantity: int, expected_price: int | None, kind: ItemKind | None = None) -> Decision:
    """Buy items from the shop.

    ``expected_price`` is the price of one piece that the client has seen, or None if the client accepts any price. If
    ``kind`` is given, only an item of this kind may be bought. Raises RuleViolation if the shop does not sell the item,
    or sells it at another price.
    """
    item = find(name, kind)
    if item.base:
        raise RuleViolation(
            f"unknown_{kind or 'item'}", f"the shop does not sell {name}: buy {item.base} and enchant it"
        )
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
    """Sell items back to the shop for half of their price.

    A piece of an edition can then be bought again; it has lost its enchantment.
    """
    item = find(name)
    return Decision(
        "item_sold",
        {"item": name, "kind": item.kind, "price": item.resale, "quantity": quantity},
        (
            Transfer(f"player:{player}:item:{name}", stock(name), quantity),
            Transfer("house:buyback", f"player:{player}:gold", item.resale * quantity),
        ),
    )


def enchant(player: str, sword: str) -> Decision:
    """Enchant one sword for gold. Raises RuleViolation for a sword that is enchanted already.

    The piece moves to the player's account for the enchanted sword. From then on it is another item. So striking,
    giving, trading and selling need no special rules for it, and a sword cannot be enchanted twice.
    """
    if find(sword, "sword").base:
        raise RuleViolation("already_enchanted", f"{sword} is enchanted already")
    name = catalogue.enchanted(sword)
    return Decision(
        "sword_enchanted",
        {"sword": sword, "price": catalogue.ENCHANTMENT_PRICE, "power": catalogue.ITEMS[name].power},
        (
            Transfer(f"player:{player}:gold", "house:enchanter", catalogue.ENCHANTMENT_PRICE),
            Transfer(f"player:{player}:item:{sword}", f"player:{player}:item:{name}", 1),
        ),
    )


def find(name: str, kind: ItemKind | None = None) -> Item:
    """Return the item of this name and kind. Raises RuleViolation if there is none."""
    item = catalogue.ITEMS.get(name)
    if item is None or kind not in (None, item.kind):
        known = [n for n, i in catalogue.FOR_SALE.items() if kind in (None, i.kind)]
        raise RuleViolation(f"unknown_{kind or 'item'}", f"there is no {name!r}; the shop has {', '.join(known)}")
    return item


def stock(name: str) -> str:
    """Return the account that the shop sells an item from.

    The account of an edition opens with its limited number of pieces. Every other item is made when it is bought, so it
    comes from a house account. An enchanted sword belongs to the stock of its base, so that the number of pieces of an
    edition never changes.
    """
    item = catalogue.ITEMS.get(name)
    base = (item.base if item else None) or name
    edition = catalogue.ITEMS[base].edition if item else None
    return f"shop:{base}:edition_{edition}" if edition else f"house:stock:{base}"
