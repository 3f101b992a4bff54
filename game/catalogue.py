"""The catalogue: what the game sells, what it pays, and the sizes of things."""

from dataclasses import dataclass
from typing import Final, Literal

ItemKind = Literal["sword", "shield", "potion"]

STARTING_GOLD: Final = 100
FULL_HEALTH: Final = 100
DAILY_GOLD: Final = 25
GUILD_SEATS: Final = 10

#: A revival costs what a victory pays, so that two friends who defeat each other in turn gain no gold.
BOUNTY: Final = 20
REVIVAL_PRICE: Final = BOUNTY
REVIVED_HEALTH: Final = 50

MIN_DAMAGE: Final = 1  # of a blow against any shield, so that every fight ends
MAX_OFFERS: Final = 20  # open trades of one player, because each one takes space among another player's accounts

#: An enchanted steel sword (120 gold, damage 35) lies between a moon sword and a dragon sword, so each keeps its use.
ENCHANTMENT_PRICE: Final = 60
ENCHANTMENT_POWER: Final = 10


@dataclass(frozen=True, slots=True)
class Item:
    """Something that a player can own.

    ``power`` is a sword's damage, what a shield takes off that damage, or what a potion heals. Of an item with an
    ``edition`` only that many pieces ever exist in a realm. An enchanted sword names in ``base`` the sword it was made
    from: it is a piece of that sword's edition, and the shop sells only the base.
    """

    kind: ItemKind
    price: int
    power: int
    edition: int | None = None
    base: str | None = None

    @property
    def resale(self) -> int:
        """Return what the shop pays for one: half of the price, so that buying and selling is never a gain."""
        return self.price // 2


def enchanted(sword: str) -> str:
    """Return the name of a sword once it is enchanted."""
    return f"enchanted_{sword}"


#: Name -> item: what the shop sells.
FOR_SALE: Final[dict[str, Item]] = {
    "wooden_sword": Item("sword", 10, 8),
    "iron_sword": Item("sword", 30, 15),
    "steel_sword": Item("sword", 60, 25),
    "moon_sword": Item("sword", 80, 32, edition=3),
    "dragon_sword": Item("sword", 150, 40),
    "oak_shield": Item("shield", 20, 3),
    "iron_shield": Item("shield", 50, 6),
    "star_shield": Item("shield", 75, 9, edition=5),
    "tower_shield": Item("shield", 90, 10),
    "small_potion": Item("potion", 8, 20),
    "large_potion": Item("potion", 20, 60),
}

#: Sword -> price in gold: the swords that the shop sells.
SWORDS: Final[dict[str, int]] = {name: item.price for name, item in FOR_SALE.items() if item.kind == "sword"}

#: Name -> item: everything that a player can own.
ITEMS: Final[dict[str, Item]] = FOR_SALE | {
    enchanted(name): Item("sword", price + ENCHANTMENT_PRICE, FOR_SALE[name].power + ENCHANTMENT_POWER, base=name)
    for name, price in SWORDS.items()
}


@dataclass(frozen=True, slots=True)
class Quest:
    """A reward that a player gets once.

    It is earned by a balance of ``amount`` in any account whose name is one of ``accounts``, or starts with one that
    ends with a colon.
    """

    title: str
    reward: int
    accounts: tuple[str, ...]
    amount: int = 1


def _items_of(kind: ItemKind) -> tuple[str, ...]:
    return tuple(f"item:{name}" for name, item in ITEMS.items() if item.kind == kind)


#: Name -> quest.
QUESTS: Final[dict[str, Quest]] = {
    "first_blade": Quest("Own a sword", 5, _items_of("sword")),
    "well_guarded": Quest("Own a shield", 5, _items_of("shield")),
    "sworn_in": Quest("Be a member of a guild", 10, ("guild:",)),
    "generous": Quest("Give another player a gift", 5, ("gifts",)),
    "first_victory": Quest("Win a fight", 20, ("victories",)),
    "champion": Quest("Win ten fights", 100, ("victories",), 10),
}
