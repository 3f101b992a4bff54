"""What the game sells, what it pays and how large things are."""

from dataclasses import dataclass
from typing import Final, Literal

ItemKind = Literal["sword", "shield", "potion"]

STARTING_GOLD: Final = 100
FULL_HEALTH: Final = 100
DAILY_GOLD: Final = 25
GUILD_SEATS: Final = 10

#: A revival costs what a victory pays: two friends who fell one another by turns gain no gold.
BOUNTY: Final = 20
REVIVAL_PRICE: Final = BOUNTY
REVIVED_HEALTH: Final = 50

LEAST_DAMAGE: Final = 1  # of a blow against any shield, so that every fight ends
MOST_OFFERS: Final = 20  # open trades of one player: each is an entry in somebody else's books


@dataclass(frozen=True, slots=True)
class Item:
    """Something to own. ``power`` is a sword's damage, what a shield takes off it, or what a potion heals. Of an item
    with an ``edition`` only that many ever exist in a realm; another number would be another edition, beside it."""

    kind: ItemKind
    price: int
    power: int
    edition: int | None = None

    @property
    def resale(self) -> int:
        """What the shop pays for one: half of the price, so that buying and selling is never a gain."""
        return self.price // 2


#: Name -> item.
ITEMS: Final[dict[str, Item]] = {
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

#: Sword -> price in gold.
SWORDS: Final[dict[str, int]] = {name: item.price for name, item in ITEMS.items() if item.kind == "sword"}


@dataclass(frozen=True, slots=True)
class Quest:
    """A reward to be had once. It is earned by ``amount`` in any account whose name is, or starts with, one of
    ``accounts``."""

    title: str
    reward: int
    accounts: tuple[str, ...]
    amount: int = 1


#: Name -> quest.
QUESTS: Final[dict[str, Quest]] = {
    "first_blade": Quest("Own a sword", 5, tuple(f"item:{name}" for name in SWORDS)),
    "well_guarded": Quest("Own a shield", 5, tuple(f"item:{n}" for n, i in ITEMS.items() if i.kind == "shield")),
    "sworn_in": Quest("Be a member of a guild", 10, ("guild:",)),
    "generous": Quest("Give somebody a gift", 5, ("gifts",)),
    "first_victory": Quest("Win a fight", 20, ("victories",)),
    "champion": Quest("Win ten fights", 100, ("victories",), 10),
}
