"""What the game sells and how large things are."""

from typing import Final

STARTING_GOLD: Final = 100
FULL_HEALTH: Final = 100
DAILY_GOLD: Final = 25
GUILD_SEATS: Final = 10

#: Sword -> price in gold.
SWORDS: Final[dict[str, int]] = {
    "wooden_sword": 10,
    "iron_sword": 30,
    "steel_sword": 60,
    "dragon_sword": 150,
}
