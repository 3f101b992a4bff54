"""The rules for registering, claiming daily gold, and leaving the realm permanently."""

from datetime import date

from game import catalogue
from game.accounts import Transfer
from game.decision import Balances, Condition, Decision, RuleViolation
from game.rules import names
from game.rules.guilds import membership
from game.rules.shop import stock

# Account -> the account that receives its balance when the player leaves. Items are not listed here, because each item
# goes back to the account that the shop sells it from.
_GIVEN_BACK = {"gold": "house:mint", "health": "house:nature", "wounds": "house:nature", "free_agent": "house:agents"}


def register(player: str, today: date) -> Decision:
    """Register a player.

    The vacancy of a name can be taken only once, so a name cannot be registered twice. The look of a name can also be
    taken only once, so that no two players, except guests, have names that look alike.
    """
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
            # Pretend that the last claim was yesterday, so that the player may claim today's gold at once.
            Transfer("house:calendar", f"player:{player}:claim_day", today.toordinal() - 1),
        ),
    )


def leave_realm(player: str, balances: Balances) -> Decision:
    """Leave the realm permanently.

    The player gives everything back. The name stays taken, because the log contains it.
    """
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

    The balance of the account ``claim_day`` is the ordinal of the last day for which the player claimed gold. A claim
    debits this whole balance and credits today's ordinal. While a claim is not settled, nothing is left for the debit
    of a second claim. The condition rejects a claim if the balance has changed since the claim was decided.
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
