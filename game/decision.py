"""What a decision is, and how it is refused. The rules themselves are in the modules that are named after what players
do: each command is one pure function that answers a decision or raises a RuleViolation.

A decision does not say that the player has the gold: it names the transfers, and the ledger refuses them when a debit
is not covered. The rules only decide what the books cannot. A transfer of an account to itself moves nothing, and holds
what it names until the event is settled: nobody can spend it meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from game.accounts import Transfer, split

Balances = Mapping[str, int]  # what one owner has settled: account name -> balance


class RuleViolation(Exception):
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


def lock(account: str, amount: int) -> Transfer:
    """Nobody else may spend so much of the account until the event is settled."""
    return Transfer(account, account, amount)


def is_here(has: Balances) -> bool:
    """Whether the player with these balances is registered and has not left the realm."""
    return has.get("vacancy", 1) == 0 and has.get("departed", 0) == 0


def require_here(player: str, has: Balances) -> tuple[Condition, ...]:
    """That it stays so until the hold. Raises RuleViolation if it is not so now."""
    if not is_here(has):
        raise RuleViolation("unknown_player", f"there is no {player} in this realm")
    return Condition(f"player:{player}:vacancy", 0, 0), Condition(f"player:{player}:departed", 0, 0)


def shortfall(account: str, available: int, needed: int) -> RuleViolation:
    """Why a command was refused whose debit of ``account`` is not covered, in the words of the game."""
    owner, name = split(account)
    kind, _, who = owner.partition(":")
    if kind == "shop":
        return RuleViolation("sold_out", f"no {who} is left in the shop")
    first, _, rest = name.partition(":")
    if first in _SHORT:
        code, text = _SHORT[first]
        return RuleViolation(code, text.format(who=who, rest=rest, available=available, needed=needed))
    return RuleViolation("not_enough", f"{account} has {available} available and {needed} is needed")


# The first part of an account's name -> the code, and the sentence. "At the moment" is said of what may only be held.
_SHORT = {
    "gold": ("not_enough_gold", "{who} has {available} gold available and needs {needed}"),
    "item": ("not_enough_items", "{who} has {available} {rest} available at the moment and needs {needed}"),
    "vacancy": ("name_taken", "the name {who} is taken in this realm"),
    "likeness": ("name_taken", "a name that looks like it is taken in this realm"),
    "crest": ("name_taken", "a guild's name that looks like it is taken in this realm"),
    "charter": ("guild_being_founded", "{who} is founded already, or is being founded; join it in a moment"),
    "crown": ("guild_has_leader", "somebody has just become the leader of {who}"),
    "seat": ("guild_full", "{who} has no seat free"),
    "free_agent": ("not_a_free_agent", "{who} is joining a guild already, or is not settled yet"),
    "claim_day": ("already_claimed", "a claim of daily gold is being settled"),
    "quest": ("already_rewarded", "the reward of {rest} was had already"),
    "guild": ("membership_in_use", "{who} is leaving {rest}, or is becoming its leader, at the moment"),
    "leader": ("not_leader", "{who} does not lead {rest}, or another act of the leader is being settled"),
    "health": ("under_attack", "another blow at {who} is being settled: try again in a moment"),
    "wounds": ("under_attack", "a blow at {who}, or a cure, is being settled: try again in a moment"),
    "offered": ("trade_closed", "the trade is closed, or is being closed"),
    "offer": ("trade_closed", "the trade is closed, or is being closed"),
}
