"""The rules: each command is one pure function that answers a decision or raises a RuleBroken.

A decision does not say that the player has the gold: it names the transfers, and the ledger refuses them when a debit
is not covered. The rules only decide what the books cannot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from game import catalogue
from game.accounts import Transfer, split

Balances = Mapping[str, int]  # what one owner has settled: account name -> balance


class RuleBroken(Exception):
    """The game does not allow the command. ``code`` is stable, for programs; the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Condition:
    """The settled balance of ``account`` must lie between ``least`` and ``most`` at the moment of the hold."""

    account: str
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to happen if the ledger can cover it."""

    type: str
    details: dict[str, str | int]
    transfers: tuple[Transfer, ...]
    conditions: tuple[Condition, ...] = field(default=())


def register(player: str, today: date) -> Decision:
    """A new player: the vacancy of the name can be taken once."""
    return Decision(
        "player_registered",
        {"gold": catalogue.STARTING_GOLD},
        (
            Transfer(f"player:{player}:vacancy", "house:players", 1),
            Transfer("house:mint", f"player:{player}:gold", catalogue.STARTING_GOLD),
            Transfer("house:nature", f"player:{player}:health", catalogue.FULL_HEALTH),
            Transfer("house:agents", f"player:{player}:free_agent", 1),
            # As if the last claim had been yesterday's, so that the first one may follow at once.
            Transfer("house:calendar", f"player:{player}:claim_day", today.toordinal() - 1),
        ),
    )


def buy_sword(player: str, sword: str) -> Decision:
    """Gold for a sword of the catalogue."""
    price = catalogue.SWORDS.get(sword)
    if price is None:
        raise RuleBroken("unknown_sword", f"there is no {sword!r}; the shop has {', '.join(catalogue.SWORDS)}")
    return Decision(
        "sword_bought",
        {"sword": sword, "price": price},
        (
            Transfer(f"player:{player}:gold", "house:shop", price),
            Transfer(f"house:stock:{sword}", f"player:{player}:item:{sword}", 1),
        ),
    )


def claim_gold(player: str, has: Balances, today: date) -> Decision:
    """Daily gold, once a day (UTC).

    The account ``claim_day`` holds the ordinal of the last day claimed. A claim takes all of it away and puts today's
    back: while one claim is open nothing is left to debit for a second one, and the condition refuses a claim that was
    decided on a balance which has changed since.
    """
    account, last = f"player:{player}:claim_day", has.get("claim_day", 0)
    if last == 0:
        raise RuleBroken("not_registered", f"{player} is not settled yet; try again in a moment")
    if last >= today.toordinal():
        raise RuleBroken("already_claimed", f"today's gold is claimed; the next is due after {today.isoformat()} (UTC)")
    return Decision(
        "gold_claimed",
        {"gold": catalogue.DAILY_GOLD, "day": today.isoformat()},
        (
            Transfer(account, "house:calendar", last),
            Transfer("house:calendar", account, today.toordinal()),
            Transfer("house:mint", f"player:{player}:gold", catalogue.DAILY_GOLD),
        ),
        (Condition(account, last, last),),
    )


def join_guild(player: str, guild: str, has: Balances, guild_has: Balances) -> Decision:
    """Join a guild, or found it when nobody has: its charter can be taken once, and each seat by one player."""
    mine = membership(has)
    if mine is not None:
        raise RuleBroken("already_in_guild", f"{player} is in {mine}: leave it first")
    become_member = Transfer(f"player:{player}:free_agent", f"guild:{guild}:free_agents", 1)
    if guild_has.get("charter", 1) == 0:
        seat = Transfer(f"guild:{guild}:seat", f"player:{player}:guild:{guild}", 1)
        return Decision("guild_joined", {"guild": guild}, (become_member, seat))
    return Decision(
        "guild_founded",
        {"guild": guild, "seats": catalogue.GUILD_SEATS},
        (
            Transfer(f"guild:{guild}:charter", "house:charters", 1),
            become_member,
            Transfer("house:seats", f"player:{player}:guild:{guild}", 1),
            Transfer("house:seats", f"guild:{guild}:seat", catalogue.GUILD_SEATS - 1),
        ),
    )


def leave_guild(player: str, has: Balances) -> Decision:
    """Give the seat back and become a free agent again."""
    guild = membership(has)
    if guild is None:
        raise RuleBroken("not_in_guild", f"{player} is in no guild")
    return Decision(
        "guild_left",
        {"guild": guild},
        (
            Transfer(f"player:{player}:guild:{guild}", f"guild:{guild}:seat", 1),
            Transfer(f"guild:{guild}:free_agents", f"player:{player}:free_agent", 1),
        ),
    )


def membership(has: Balances) -> str | None:
    """The guild of the player with these balances."""
    return next((name.removeprefix("guild:") for name, n in has.items() if name.startswith("guild:") and n > 0), None)


def shortfall(account: str, available: int, needed: int) -> RuleBroken:
    """Why a command was refused whose debit of ``account`` is not covered, in the words of the game."""
    owner, name = split(account)
    who = owner.partition(":")[2]
    match name:
        case "gold":
            return RuleBroken("not_enough_gold", f"{who} has {available} gold available and needs {needed}")
        case "vacancy":
            return RuleBroken("name_taken", f"the name {who} is taken in this realm")
        case "charter":
            return RuleBroken("guild_being_founded", f"{who} is being founded; join it in a moment")
        case "seat":
            return RuleBroken("guild_full", f"{who} has no seat free")
        case "free_agent":
            return RuleBroken("not_a_free_agent", f"{who} is joining a guild already, or is not settled yet")
        case "claim_day":
            return RuleBroken("already_claimed", "a claim of daily gold is being settled")
    return RuleBroken("not_enough", f"{account} has {available} available and {needed} is needed")
