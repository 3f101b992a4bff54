"""Define every parameter of the simulated world in one place: the personas, their tastes, and when they play.

Generated events contain only the effects that these parameters cause. So the results of an analysis can be checked
against the parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Persona:
    """The behaviour profile of one kind of player."""

    share: float  #: share of all newcomers who have this persona
    sessions_a_day: float  #: mean number of sessions a day until the player churns
    actions: float  #: mean number of actions in a session
    pause_seconds: float  #: mean pause between two actions of a session
    churn: float  #: probability that the player never comes back after a session; a guild lowers it
    thrift: float  #: utility that a purchase loses for each 10 gold of the item's price
    sociability: float  #: probability that the player looks for a guild in a session
    action_weights: Mapping[str, float]  #: action -> relative frequency
    #: A bot plays at any hour, acts at steady intervals, and strikes the weakest player that it meets.
    is_bot: bool = False


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
    "tourist": Persona(  # a newcomer who mostly leaves after a session or two
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

#: Standard deviation of a bot's pauses, in seconds. It is small, so that an analysis can recognize bots by the
#: regularity of their pauses. The pauses of people are drawn from an exponential distribution.
BOT_JITTER_SECONDS: Final = 0.4
MIN_PAUSE_SECONDS: Final = 1.5  # shortest pause between two actions; no person clicks faster for long

#: How much players with the same persona differ, as the sigma of a log-normal factor. Engagement multiplies the number
#: of sessions and the interest in guilds, and the square root of engagement divides the churn. So guild members would
#: come back more often than other players even without a guild. An analysis that ignores this overestimates the effect
#: of guilds.
ENGAGEMENT_SIGMA: Final = 0.5
THRIFT_SIGMA: Final = 0.25

#: The causal effect of a guild: the probability of churn after a session is multiplied by this factor for members.
GUILD_CHURN_FACTOR: Final = 0.6

#: The utility of each item in a logit choice, before its price is subtracted. It is the same for all players, whereas
#: each player's thrift decides how much the price counts.
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
NO_PURCHASE_UTILITY: Final = 0.9  # utility of leaving the shop without a purchase
UNARMED_UTILITY: Final = 1.3  # added to the utility of swords while the player has none
OWNED_UTILITY: Final = -2.5  # added to the utility of swords and shields that the player already owns
WOUNDED_UTILITY: Final = 1.6  # added to the utility of potions while the player has lost at least half of full health

#: The scripted actions at the start of a first session, in this order, each with its probability.
FIRST_SESSION_ACTIONS: Final[tuple[tuple[str, float], ...]] = (
    ("look_shop", 0.88),
    ("look_inventory", 0.45),
    ("buy", 0.80),
    ("quest", 0.45),
    ("join", 0.16),
    ("strike", 0.45),
)

#: The scripted actions at the start of each later session, in this order, each with its probability.
RETURN_SESSION_ACTIONS: Final[tuple[tuple[str, float], ...]] = (
    ("sign_in", 0.08),
    ("claim", 0.78),
    ("look_inventory", 0.40),
    ("revive", 0.75),
    ("answer", 0.70),
    ("batch", 0.04),
    ("quest", 0.25),
)

#: Share of churning players who delete their account. The other churning players only stop playing.
DELETES_ACCOUNT_SHARE: Final = 0.085
#: Share of guild members among these other players who leave their guild before they stop, which frees their seat.
LEAVES_GUILD_SHARE: Final = 0.3

#: Probability that a player who finds no legal action looks at the shop or the inventory instead.
IDLE_LOOK: Final = 0.5

#: Share of events that reach the log late. Such an event keeps the time at which it was decided.
LATE_RATE: Final = 0.004
MAX_LATE_SECONDS: Final = 900.0
#: Share of events that are written twice, not counting view events.
DUPLICATE_RATE: Final = 0.002

#: On one day, one item is on sale during SALE_HOURS (UTC). SALE_OFF is the share by which the price is reduced.
#: SALE_PIECES is the number of pieces on sale, per player in the realm. During the sale, SALE_CROWD multiplies the
#: number of active players, and SALE_APPETITE multiplies their interest in shopping.
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
#: Day of the week, beginning with Monday -> relative number of active players.
WEEKDAY_ACTIVITY: Final[tuple[float, ...]] = (0.9, 0.88, 0.9, 0.95, 1.1, 1.35, 1.3)

#: The relative number of newcomers a day is a constant baseline plus a boost at the launch that fades exponentially.
LAUNCH_BOOST: Final = 2.2  # boost on the first day, in addition to the baseline
BASELINE_ARRIVALS: Final = 1.0
LAUNCH_FADES_DAYS: Final = 4.0  # after this number of days, the boost has fallen to 1/e
