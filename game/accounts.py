"""Accounts and transfers: the double-entry ledger of a realm.

An account is ``owner:name``. Owners are ``player:<name>``, ``guild:<name>``, ``shop:<item>`` for the pieces of an
edition, ``name:<skeleton>`` for the look of a name (see ``game.rules.names``), and ``house``. House accounts belong to
the game itself (mint, shop) and may go below zero. The balance of every other account stays at or above zero.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

# Pattern for the name of a player, guild or item. Only lower case is allowed, so that two names never differ only in
# case, which is easy to miss. Colons and braces are not allowed, because colons separate the parts of an account name
# and braces mark the part of a key that Redis Cluster hashes.
NAME = r"[a-z][a-z0-9_]{1,23}"
# Up to 32 characters, because some accounts belong to one event, such as a trade offer. Their names end in the 32
# digits of the event id.
_PART = r"[a-z0-9_]{1,32}"
ACCOUNT = rf"(?:house|(?:player|guild|shop|name):{NAME})(?::{_PART}){{1,2}}"

# Far above any price, and small enough that a double-precision number holds the sum of a million such amounts exactly.
MAX_AMOUNT = 10**9
MAX_TRANSFERS = 100  # of one event, which Redis applies in one atomic step; the limit keeps that step short

# Accounts that open with a balance of one. The one unit can be debited only once, so the thing that it stands for
# happens only once: a name and the names that look like it are taken, a guild gets its leader, a quest is rewarded.
# The account name of an edition contains its number of pieces. That number must never change, because another number
# would make it another account.
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
    """Split an account into owner and name: ``player:ada:item:iron_sword`` -> (``player:ada``, ``item:iron_sword``)."""
    at = 1 if is_house(account) else 2
    parts = account.split(":")
    return ":".join(parts[:at]), ":".join(parts[at:])


def opening_balance(account: str) -> int:
    """Return the balance of an account before its first transfer."""
    found = _OPENING_PATTERN.fullmatch(split(account)[1])
    return int(found[1] or 1) if found else 0


def debits(transfers: Iterable[Transfer]) -> dict[str, int]:
    """Return account -> the sum of its debits, which its balance must cover before the transfers happen.

    House accounts are left out, because they may go below zero.
    """
    needed: defaultdict[str, int] = defaultdict(int)
    for transfer in transfers:
        if not is_house(transfer.debit):
            needed[transfer.debit] += transfer.amount
    return dict(needed)
