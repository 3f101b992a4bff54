"""Accounts and transfers: the double-entry ledger of a realm.

An account is ``owner:name``. Owners are ``player:<name>``, ``guild:<name>``, ``shop:<item>`` for the pieces of an
edition, ``name:<skeleton>`` for what a name looks like, and ``house``. House accounts are the game itself (mint, shop)
and unbounded; every other balance stays at or above zero.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

# One name of a player, guild or item. Lower case, so that two names never differ only in a way that is easy to miss.
# Without colons or braces, which have a meaning in account names and in Redis Cluster keys.
NAME = r"[a-z][a-z0-9_]{1,23}"
_PART = r"[a-z0-9_]{1,32}"  # 32: the digits of an event's id, for accounts of one event, such as a trade's offer
ACCOUNT = rf"(?:house|(?:player|guild|shop|name):{NAME})(?::{_PART}){{1,2}}"

MAX_AMOUNT = 10**9  # far above any price, and small enough that a million of them still add up exactly in a double
MAX_TRANSFERS = 100  # bounds the time of one atomic step in Redis

# Debiting an account that opens at one makes a thing happen once: a name and its lookalikes are taken, a guild gets its
# leader, a quest is rewarded. The number of pieces of an edition is part of its account name and never changes:
# another number would be another account.
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
    """Return whether the account belongs to the game itself and may go below zero."""
    return account.startswith("house:")


def split(account: str) -> tuple[str, str]:
    """Split an account: ``player:ada:item:iron_sword`` -> (``player:ada``, ``item:iron_sword``)."""
    at = 1 if is_house(account) else 2
    parts = account.split(":")
    return ":".join(parts[:at]), ":".join(parts[at:])


def opening_balance(account: str) -> int:
    """Return the balance of an account before its first transfer."""
    found = _OPENING_PATTERN.fullmatch(split(account)[1])
    return int(found[1] or 1) if found else 0


def debits(transfers: Iterable[Transfer]) -> dict[str, int]:
    """Return account -> the sum of its debits, which must be covered before the transfers happen.

    House accounts are left out: they are unbounded.
    """
    needed: defaultdict[str, int] = defaultdict(int)
    for transfer in transfers:
        if not is_house(transfer.debit):
            needed[transfer.debit] += transfer.amount
    return dict(needed)
