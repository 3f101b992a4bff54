"""Every parameter of the simulated world in one place: the personas, their tastes, and when they play.

An analysis of generated events can only find what these parameters put in, so its results can be checked against them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Persona:
    """The behaviour profile of one kind of player."""

    share: float  #: of all newcomers
    sessions_a_day: float  #: until the player churns
    actions: float  #: mean number of actions in a session
    pause_seconds: float  #: mean pause between two actions of a session
    churn: float  #: probability, after each session, of never coming back; a guild lowers it
    thrift: float  #: utility that a purchase loses for each 10 gold of its price
    sociability: float  #: probability, in each session, of looking for a guild
    action_weights: Mapping[str, float]  #: action -> relative frequency
    is_bot: bool = False  #: plays at any hour, acts at steady intervals, strikes the weakest player it meets


PERSONAS: Final[dict[str, Persona]] = {
    "duelist": Persona(
        share=0.22,
        sessions_a_day=0.9,
        actions=15,
        pause_seconds=14,
        churn=0.055,
        thrift=0.16,
        sociability=0.12,
        action_weights={
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
        churn=0.05,
        thrift=0.34,
        sociability=0.08,
        action_weights={
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
        churn=0.05,
        thrift=0.24,
        sociability=0.30,
        action_weights={
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
        churn=0.045,
        thrift=0.12,
        sociability=0.08,
        action_weights={"buy": 40, "look_shop": 24, "look_inventory": 16, "trade": 12, "strike": 3, "quest": 4},
    ),
    "tourist": Persona(  # the newcomer who leaves
        share=0.3975,
        sessions_a_day=0.5,
        actions=7,
        pause_seconds=22,
        churn=0.55,
        thrift=0.30,
        sociability=0.05,
        action_weights={"look_shop": 26, "strike": 18, "buy": 22, "look_inventory": 20, "quest": 8, "gift": 2},
    ),
    "bot": Persona(
        share=0.0025,
        sessions_a_day=2.0,
        actions=120,
        pause_seconds=40,
        churn=0.004,
        thrift=0.30,
        sociability=0.0,
        action_weights={"strike": 36, "look_shop": 30, "buy": 6, "sell": 4, "look_inventory": 22},
        is_bot=True,
    ),
}

#: Standard deviation of a bot's pauses, in seconds: small, so that an analysis can tell bots by their regularity.
#: The pauses of people are drawn from an exponential distribution.
BOT_JITTER_SECONDS: Final = 0.4
MIN_PAUSE_SECONDS: Final = 1.5  # no person clicks faster for long

#: Difference between players of one persona, as the sigma of a log-normal factor. Engagement multiplies the number of
#: sessions and the interest in guilds, and its square root divides the churn. So members of guilds would also have
#: come back more often without a guild: an analysis that ignores this overestimates the effect of guilds.
ENGAGEMENT_SIGMA: Final = 0.5
THRIFT_SIGMA: Final = 0.25

#: The causal effect of a guild: for its members, the churn after each session is multiplied by this.
GUILD_CHURN_FACTOR: Final = 0.6

#: The utility of an item in a logit choice, equal for all players. The price is weighed by each player's thrift.
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
NO_PURCHASE_UTILITY: Final = 0.9  # of leaving the shop without a purchase
UNARMED_UTILITY: Final = 1.3  # added to swords while the player has none
OWNED_UTILITY: Final = -2.5  # added to swords and shields that the player already owns
WOUNDED_UTILITY: Final = 1.6  # added to potions while at least half of the player's health is wounds

#: The actions of the first session, in this order, each with its probability.
FIRST_SESSION_ACTIONS: Final[tuple[tuple[str, float], ...]] = (
    ("look_shop", 0.88),
    ("look_inventory", 0.45),
    ("buy", 0.80),
    ("quest", 0.45),
    ("join", 0.16),
    ("strike", 0.45),
)

#: The actions at the start of each later session, in this order, each with its probability.
RETURN_SESSION_ACTIONS: Final[tuple[tuple[str, float], ...]] = (
    ("sign_in", 0.08),
    ("claim", 0.78),
    ("look_inventory", 0.40),
    ("revive", 0.75),
    ("answer", 0.70),
    ("batch", 0.04),
    ("quest", 0.25),
)

#: Share of churning players who delete their account; the others just do not come back.
DELETES_ACCOUNT_SHARE: Final = 0.085
LEAVES_GUILD_SHARE: Final = 0.3  # share of the others who leave their guild before, which frees the seat

#: Share of steps without a legal action in which the player looks at something instead.
IDLE_LOOK: Final = 0.5

#: Shares of all events that reach the log late, with the time at which they were decided, and that are written twice.
LATE_RATE: Final = 0.004
MAX_LATE_SECONDS: Final = 900.0
DUPLICATE_RATE: Final = 0.002

#: The sale of one item within these hours (UTC) of one day. SALE_OFF is the share taken off the price, and SALE_PIECES
#: the number of pieces for each player of the realm. SALE_CROWD multiplies the number of active players meanwhile, and
#: SALE_APPETITE their interest in shopping.
SALE_ITEM: Final = "steel_sword"
SALE_OFF: Final = 0.3
SALE_PIECES: Final = 0.04
SALE_HOURS: Final = (17, 23)
SALE_CROWD: Final = 1.5
SALE_APPETITE: Final = 2.0

#: Hour of the day (UTC) -> relative number of active players.
HOURLY_ACTIVITY: Final[tuple[float, ...]] = (
    *(0.9, 0.6, 0.4, 0.3, 0.25, 0.3, 0.5, 0.8, 1.0, 1.1, 1.2, 1.4),
    *(1.7, 1.6, 1.5, 1.6, 1.9, 2.4, 3.0, 3.5, 3.8, 3.6, 2.8, 1.7),
)
#: Day of the week from Monday on -> relative number of active players.
WEEKDAY_ACTIVITY: Final[tuple[float, ...]] = (0.9, 0.88, 0.9, 0.95, 1.1, 1.35, 1.3)

#: Relative number of newcomers a day: a constant baseline, and a boost at the launch that fades exponentially.
LAUNCH_BOOST: Final = 2.2  # on the first day, in addition to the baseline
BASELINE_ARRIVALS: Final = 1.0
LAUNCH_FADES_DAYS: Final = 4.0  # after this time the boost has fallen to 1/e
