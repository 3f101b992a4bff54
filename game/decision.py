"""Decisions: the result of the rules for a command that they allow, and the exception for one that they do not.

The rules are pure functions in ``game.rules``, one for each command. Each rule returns a Decision or raises a
RuleViolation. A rule does not check whether the player has enough gold. It names the transfers, and the ledger rejects
the decision if a balance does not cover a debit. So a rule checks only what the ledger cannot check in this way.
A transfer from an account to itself is a lock. It moves nothing, but no other event can spend its amount until the
event is settled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from game.accounts import Transfer, split

Balances = Mapping[str, int]  # the settled balances of one owner: account name -> balance


class RuleViolation(Exception):
    """The rules do not allow the command. Programs may rely on ``code``, which is stable; the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Condition:
    """The settled balance of ``account`` must lie between ``least`` and ``most`` when the hold is taken."""

    account: str
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens, provided that the ledger can cover the debits and the conditions are met."""

    type: str
    details: dict[str, str | int]
    transfers: tuple[Transfer, ...]
    conditions: tuple[Condition, ...] = field(default=())


def lock(account: str, amount: int) -> Transfer:
    """Return a transfer that keeps this amount from being spent until the event is settled."""
    return Transfer(account, account, amount)


def is_here(balances: Balances) -> bool:
    """Return whether the player with these balances is registered and has not left the realm."""
    return balances.get("vacancy", 1) == 0 and balances.get("departed", 0) == 0


def require_here(player: str, balances: Balances) -> tuple[Condition, ...]:
    """Return the conditions that the player is still in the realm when the hold is taken.

    Raises RuleViolation if the player is not in the realm now.
    """
    if not is_here(balances):
        raise RuleViolation("unknown_player", f"there is no player {player} in this realm")
    return Condition(f"player:{player}:vacancy", 0, 0), Condition(f"player:{player}:departed", 0, 0)


def shortfall(account: str, available: int, needed: int) -> RuleViolation:
    """Return the violation for a debit that ``account`` does not cover. Its message uses the words of the game."""
    owner, name = split(account)
    kind, _, owner_name = owner.partition(":")
    if kind == "shop":
        return RuleViolation("sold_out", f"the shop has no {owner_name} left")
    first, _, rest = name.partition(":")
    if first in _SHORT:
        code, text = _SHORT[first]
        return RuleViolation(code, text.format(name=owner_name, rest=rest, available=available, needed=needed))
    return RuleViolation("not_enough", f"{account} has {available} available and needs {needed}")


# First part of an account's name -> the code and the message of the violation. A message says "at the moment" as a hint
# that an open hold may have set the amount aside.
_SHORT = {
    "gold": ("not_enough_gold", "{name} has {available} gold available and needs {needed}"),
    "item": ("not_enough_items", "{name} has {available} {rest} available at the moment and needs {needed}"),
    "vacancy": ("name_taken", "the name {name} is taken in this realm"),
    "likeness": ("name_taken", "a name that looks like this one is taken in this realm"),
    "crest": ("name_taken", "a guild name that looks like this one is taken in this realm"),
    "charter": ("guild_being_founded", "{name} is founded already or is being founded: join it in a moment"),
    "crown": ("guild_has_leader", "{name} has just got a leader"),
    "seat": ("guild_full", "{name} has no free seat"),
    "free_agent": ("not_a_free_agent", "{name} is joining a guild already, or is not settled yet"),
    "claim_day": ("already_claimed", "a claim of daily gold is being settled"),
    "quest": ("already_rewarded", "the quest {rest} is rewarded already"),
    "guild": ("membership_in_use", "{name} is leaving {rest} or becoming its leader at the moment"),
    "leader": ("not_leader", "{name} does not lead {rest}, or another action of the leader is being settled"),
    "health": ("under_attack", "another blow at {name} is being settled: try again in a moment"),
    "wounds": ("under_attack", "a blow at {name} or a cure is being settled: try again in a moment"),
    "offered": ("trade_closed", "the trade is closed, or is being closed"),
    "offer": ("trade_closed", "the trade is closed, or is being closed"),
}
