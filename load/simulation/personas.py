"""Who plays and how: every parameter of the world in one place.

An analysis of generated events can only find what is put in here; so this is what it can be checked against.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Persona:
    """What one kind of player tends to do."""

    share: float  #: of all newcomers
    sessions_a_day: float  #: while the player still comes
    actions: float  #: of a session, on average
    pause_seconds: float  #: between two actions of a session, on average
    leaves: float  #: chance after a session never to come back; a guild makes it smaller
    thrift: float  #: what 10 gold of a price take from the utility of a purchase
    sociable: float  #: chance in a session to look for a guild
    wants: Mapping[str, float]  #: action -> how often, beside the others
    is_bot: bool = False  #: comes at any hour, acts at steady intervals, strikes who is weakest


PERSONAS: Final[dict[str, Persona]] = {
    "duelist": Persona(
        share=0.22,
        sessions_a_day=0.9,
        actions=15,
        pause_seconds=14,
        leaves=0.055,
        thrift=0.16,
        sociable=0.12,
        wants={
            "strike": 60,
            "buy": 12,
            "drink": 8,
            "look_inventory": 7,
            "look_shop": 4,
            "quest": 4,
            "guild": 3,
            "sell": 2,
        },
    ),
    "trader": Persona(
        share=0.12,
        sessions_a_day=0.8,
        actions=13,
        pause_seconds=25,
        leaves=0.05,
        thrift=0.34,
        sociable=0.08,
        wants={
            "trade": 34,
            "buy": 20,
            "look_shop": 16,
            "look_inventory": 12,
            "sell": 8,
            "strike": 4,
            "quest": 3,
            "guild": 3,
        },
    ),
    "socialite": Persona(
        share=0.18,
        sessions_a_day=1.0,
        actions=11,
        pause_seconds=32,
        leaves=0.05,
        thrift=0.24,
        sociable=0.30,
        wants={
            "gift": 24,
            "guild": 26,
            "look_inventory": 14,
            "strike": 12,
            "trade": 7,
            "buy": 10,
            "quest": 4,
            "look_shop": 3,
        },
    ),
    "collector": Persona(
        share=0.08,
        sessions_a_day=0.6,
        actions=10,
        pause_seconds=28,
        leaves=0.045,
        thrift=0.12,
        sociable=0.08,
        wants={"buy": 40, "look_shop": 24, "look_inventory": 16, "trade": 12, "strike": 3, "quest": 4},
    ),
    "tourist": Persona(  # the newcomer who leaves
        share=0.3975,
        sessions_a_day=0.5,
        actions=7,
        pause_seconds=22,
        leaves=0.55,
        thrift=0.30,
        sociable=0.05,
        wants={"look_shop": 26, "strike": 18, "buy": 22, "look_inventory": 20, "quest": 8, "gift": 2},
    ),
    "bot": Persona(
        share=0.0025,
        sessions_a_day=2.0,
        actions=120,
        pause_seconds=40,
        leaves=0.004,
        thrift=0.30,
        sociable=0.0,
        wants={"strike": 36, "look_shop": 30, "buy": 6, "sell": 4, "look_inventory": 22},
        is_bot=True,
    ),
}

#: A bot acts so regularly, in seconds around its pause; a person's pauses are drawn from an exponential distribution.
BOT_JITTER_SECONDS: Final = 0.4
LEAST_PAUSE_SECONDS: Final = 1.5  # nobody clicks faster for long

#: How players of one persona differ, as the sigma of a log-normal factor. Zeal multiplies how often somebody comes and
#: looks for a guild, and its root divides the chance to leave: who is in a guild would have come back more often
#: without it, too.
ZEAL_SIGMA: Final = 0.5
THRIFT_SIGMA: Final = 0.25

#: The causal effect of a guild: the chance to leave for ever after a session is multiplied by this, for its members.
GUILD_CHURN_FACTOR: Final = 0.6

#: What an item is worth to everybody, as utility in a logit choice; what it costs is weighed by the player's thrift.
APPEAL: Final[dict[str, float]] = {
    "wooden_sword": -0.1,
    "iron_sword": 1.1,
    "steel_sword": 1.7,
    "dragon_sword": 3.1,
    "oak_shield": 0.0,
    "iron_shield": 0.5,
    "tower_shield": 0.9,
    "small_potion": -0.6,
    "large_potion": -0.5,
}
NO_PURCHASE_UTILITY: Final = 0.9  # the utility of leaving the shop without a purchase
UNARMED: Final = 1.3  # is added to swords while the player has none
OWNED_UTILITY: Final = -2.5  # is added to swords and shields of which the player has one
WOUNDED: Final = 1.6  # is added to potions while the player has half of the wounds or more

#: Of the first session, in this order; the chance that somebody who is still there does it.
FUNNEL: Final[tuple[tuple[str, float], ...]] = (
    ("look_shop", 0.88),
    ("look_inventory", 0.45),
    ("buy", 0.80),
    ("quest", 0.45),
    ("join", 0.16),
    ("strike", 0.45),
)

#: Of each later session: the chance of what it begins with.
GREETING: Final[tuple[tuple[str, float], ...]] = (
    ("sign_in", 0.08),
    ("claim", 0.78),
    ("look_inventory", 0.40),
    ("revive", 0.75),
    ("answer", 0.70),
    ("batch", 0.04),
    ("quest", 0.25),
)

#: How many of those who leave for ever say so, by deleting the player; the others just do not come back.
DELETES_ACCOUNT_SHARE: Final = 0.085
LEAVES_GUILD_FIRST: Final = 0.3  # how many of those who just do not come back give their seat back before

#: Of turns in which nothing that a player wants makes sense: how many are a look instead.
IDLE_LOOK: Final = 0.5

#: Of all events: how many reach the log late, with the time when they were decided, and how many are written twice.
LATE_RATE: Final = 0.004
LATEST_SECONDS: Final = 900.0
DUPLICATE_RATE: Final = 0.002

#: The sale: so much of the price is taken off, for so many pieces for each player of the realm, within these hours
#: (UTC) of one day. More people come meanwhile, and who is there thinks of shopping more often.
SALE_ITEM: Final = "steel_sword"
SALE_OFF: Final = 0.3
SALE_PIECES: Final = 0.04
SALE_HOURS: Final = (17, 23)
SALE_CROWD: Final = 1.5
SALE_APPETITE: Final = 2.0

#: Hour of the day (UTC) -> how many people play, beside other hours.
HOURS: Final[tuple[float, ...]] = (
    *(0.9, 0.6, 0.4, 0.3, 0.25, 0.3, 0.5, 0.8, 1.0, 1.1, 1.2, 1.4),
    *(1.7, 1.6, 1.5, 1.6, 1.9, 2.4, 3.0, 3.5, 3.8, 3.6, 2.8, 1.7),
)
#: Monday to Sunday -> the same of the day.
WEEKDAYS: Final[tuple[float, ...]] = (0.9, 0.88, 0.9, 0.95, 1.1, 1.35, 1.3)

#: How many newcomers come: many at the launch, fewer from day to day, and always some.
LAUNCH_BOOST: Final = 2.2  # of the first day, on top of
BASELINE_ARRIVALS: Final = 1.0
LAUNCH_FADES_DAYS: Final = 4.0
