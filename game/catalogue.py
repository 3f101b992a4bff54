"""The catalogue: items and their prices, rewards, and the limits of the game."""

from dataclasses import dataclass
from typing import Final, Literal

ItemKind = Literal["sword", "shield", "potion"]

STARTING_GOLD: Final = 100
FULL_HEALTH: Final = 100
DAILY_GOLD: Final = 25
GUILD_SEATS: Final = 10

#: Gold that a victory pays. A revival costs the same, so that two friends who defeat each other in turn gain no gold.
BOUNTY: Final = 20
REVIVAL_PRICE: Final = BOUNTY
REVIVED_HEALTH: Final = 50

MIN_DAMAGE: Final = 1  # damage that a blow does even against the best shield, so that every fight ends
MAX_OFFERS: Final = 20  # open trade offers by one player; each offer adds an account to another player's accounts

#: With these values, an enchanted steel sword costs 120 gold in total and has damage 35. This lies between a moon sword
#: and a dragon sword, so that each of the three swords keeps its use.
ENCHANTMENT_PRICE: Final = 60
ENCHANTMENT_POWER: Final = 10


@dataclass(frozen=True, slots=True)
class Item:
    """Something that a player can own.

    ``power`` is the damage of a sword, the damage that a shield absorbs, or the number of wounds that a potion heals.
    ``edition`` is the number of pieces that ever exist in a realm; None means that there is no limit. ``base`` is set
    only for an enchanted sword, and names the sword that it was made from. The shop sells only the base. An enchanted
    sword still counts as a piece of its base's edition.
    """

    kind: ItemKind
    price: int
    power: int
    edition: int | None = None
    base: str | None = None

    @property
    def resale(self) -> int:
        """Return the gold that the shop pays for one: half of the price, so that reselling never makes a profit."""
        return self.price // 2


def enchanted(sword: str) -> str:
    """Return the name that a sword has after it is enchanted."""
    return f"enchanted_{sword}"


#: Name -> item, for every item that the shop sells.
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

#: Name -> price in gold, for every sword that the shop sells.
SWORDS: Final[dict[str, int]] = {name: item.price for name, item in FOR_SALE.items() if item.kind == "sword"}

#: Name -> item, for every item that a player can own.
ITEMS: Final[dict[str, Item]] = FOR_SALE | {
    enchanted(name): Item("sword", price + ENCHANTMENT_PRICE, FOR_SALE[name].power + ENCHANTMENT_POWER, base=name)
    for name, price in SWORDS.items()
}


@dataclass(frozen=True, slots=True)
class Quest:
    """A reward that a player gets once.

    A player earns the reward with a balance of at least ``amount`` in one of the ``accounts``. An entry of ``accounts``
    that ends with a colon stands for every account whose name starts with that entry.
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
