"""Register, claim daily gold, and leave the realm permanently."""

from datetime import date

from game import catalogue
from game.accounts import Transfer
from game.decision import Balances, Condition, Decision, RuleViolation
from game.rules import names
from game.rules.guilds import membership
from game.rules.shop import stock

# Account -> where its balance goes when the player leaves; items go back to where the shop takes them from.
_GIVEN_BACK = {"gold": "house:mint", "health": "house:nature", "wounds": "house:nature", "free_agent": "house:agents"}


def register(player: str, today: date) -> Decision:
    """Register a player. The vacancy of the name can be taken once, and so can the look of the name."""
    guest = player.startswith(names.GUEST)
    looks = () if guest else (Transfer(f"name:{names.skeleton(player)}:likeness", "house:players", 1),)
    return Decision(
        "player_registered",
        {"gold": catalogue.STARTING_GOLD},
        (
            Transfer(f"player:{player}:vacancy", "house:players", 1),
            *looks,
            Transfer("house:mint", f"player:{player}:gold", catalogue.STARTING_GOLD),
            Transfer("house:nature", f"player:{player}:health", catalogue.FULL_HEALTH),
            Transfer("house:agents", f"player:{player}:free_agent", 1),
            # As if the last claim had been yesterday's, so that the first one may follow at once.
            Transfer("house:calendar", f"player:{player}:claim_day", today.toordinal() - 1),
        ),
    )


def leave_realm(player: str, balances: Balances) -> Decision:
    """Leave the realm permanently. All that the player has goes back; the name stays taken, as the log contains it."""
    if balances.get("departed"):
        raise RuleViolation("departed", f"{player} has left this realm")
    guild = membership(balances)
    if guild:
        raise RuleViolation("already_in_guild", f"{player} is in {guild}: leave it first")
    transfers = [Transfer("house:departures", f"player:{player}:departed", 1)]
    for name, amount in balances.items():
        to = stock(name.removeprefix("item:")) if name.startswith("item:") else _GIVEN_BACK.get(name)
        if to and amount:
            transfers.append(Transfer(f"player:{player}:{name}", to, amount))
    if "free_agent" not in balances:
        raise RuleViolation("not_registered", f"{player} is not settled yet; try again in a moment")
    return Decision("player_left", {"gold": balances.get("gold", 0)}, tuple(transfers))


def claim_gold(player: str, balances: Balances, today: date) -> Decision:
    """Claim daily gold, once a day (UTC).

    The account ``claim_day`` holds the ordinal of the last day claimed. A claim takes all of it away and puts today's
    back: while one claim is open nothing is left to debit for a second one. The condition rejects a claim that was
    decided on a balance which has changed since.
    """
    account, last = f"player:{player}:claim_day", balances.get("claim_day", 0)
    if last == 0:
        raise RuleViolation("not_registered", f"{player} is not settled yet; try again in a moment")
    if balances.get("departed"):
        raise RuleViolation("departed", f"{player} has left this realm")
    if last >= today.toordinal():
        raise RuleViolation("already_claimed", f"today's gold is claimed; the next is due after {today} (UTC)")
    return Decision(
        "gold_claimed",
        {"gold": catalogue.DAILY_GOLD, "day": today.isoformat()},
        (
            Transfer(account, "house:calendar", last),
            Transfer("house:calendar", account, today.toordinal()),
            Transfer("house:mint", f"player:{player}:gold", catalogue.DAILY_GOLD),
        ),
        (Condition(account, last, last), Condition(f"player:{player}:departed", 0, 0)),
    )
