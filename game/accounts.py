"""Accounts and transfers: the double-entry books of a realm.

An account is ``owner:name``. Owners are ``player:<name>``, ``guild:<name>``, ``shop:<item>`` for what there is only so
many of, ``name:<skeleton>`` for what a name looks like, and ``house``. House accounts are the game itself (mint, shop)
and unbounded; every other balance stays at or above zero.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

# One name of a player, guild or item. Lower case, so that no two names differ only in how they look to a careless eye,
# and without colons or braces, which mean something in account names and in Redis Cluster keys.
NAME = r"[a-z][a-z0-9_]{1,23}"
_PART = r"[a-z0-9_]{1,32}"  # 32: the digits of an event's id, for what belongs to one event, such as a trade's offer
ACCOUNT = rf"(?:house|(?:player|guild|shop|name):{NAME})(?::{_PART}){{1,2}}"
ACCOUNT_PATTERN = re.compile(ACCOUNT)

MAX_AMOUNT = 10**9  # far above any price, and so small that a million of them still add up exactly in a double
MAX_TRANSFERS = 100  # bounds the time of one atomic step in Redis

# Spending what there is one of is how a thing happens once: a name, its looks and a guild's are taken, a guild is led,
# a quest's reward is had. An edition has as many pieces as its own name says, for ever: another number is another one.
OPENS_AT_ONE = frozenset({"charter", "vacancy", "crown", "likeness", "crest"})
OPENING = rf"(?:{'|'.join(sorted(OPENS_AT_ONE))}|quest:.+|edition_([1-9][0-9]{{0,5}}))"
_OPENING_PATTERN = re.compile(OPENING)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Moves ``amount`` (1 to 10^9) from the account ``debit`` to the account ``credit``."""

    debit: str
    credit: str
    amount: int


def is_house(account: str) -> bool:
    """Whether the account belongs to the game itself and may go below zero."""
    return account.startswith("house:")


def split(account: str) -> tuple[str, str]:
    """``player:ada:item:iron_sword`` -> (``player:ada``, ``item:iron_sword``)."""
    at = 1 if is_house(account) else 2
    parts = account.split(":")
    return ":".join(parts[:at]), ":".join(parts[at:])


def opening_balance(account: str) -> int:
    """The balance of an account that no transfer has touched yet."""
    found = _OPENING_PATTERN.fullmatch(split(account)[1])
    return int(found[1] or 1) if found else 0


def debits(transfers: Iterable[Transfer]) -> dict[str, int]:
    """What must be covered before the transfers may happen: the sum of debits by account, house accounts left out."""
    need: defaultdict[str, int] = defaultdict(int)
    for transfer in transfers:
        if not is_house(transfer.debit):
            need[transfer.debit] += transfer.amount
    return dict(need)
