"""Check that a name cannot be mistaken for another name or for a key of the ledger."""

from typing import Final

from game.decision import RuleViolation

#: Prefix of the names that the game makes for guests.
GUEST: Final = "guest_"

# The ledger's own keys in Redis end in these words, and some Redis users may write only to keys that end in them. If a
# player had one of these names, such a user could also write to the player's accounts.
RESERVED: Final = frozenset(
    (
        "held",
        "history",
        "holds",
        "deadlines",
        "drafts",
        "attempts",
        "stale",
        "run",
        "recovering",
        "rebuilding",
        "halted",
    )
)

# Characters -> what they look like. These are the confusable characters of Unicode (UTS 39), reduced to the characters
# that a name may contain: a to z, digits and _.
_LOOKS = (("0", "o"), ("1", "l"), ("rn", "m"), ("vv", "w"), ("__", "_"))


def skeleton(name: str) -> str:
    """Return what the name looks like. Two names with the same skeleton can be mistaken for one another."""
    for given, looks in _LOOKS:
        while given in name:
            name = name.replace(given, looks)
    name = name.rstrip("_")
    return name if len(name) > 1 else f"{name}_"


def check(name: str) -> None:
    """Raise RuleViolation for a name that players may not choose."""
    if name in RESERVED or name.startswith(GUEST):
        raise RuleViolation("name_reserved", f"the name {name} is reserved by the game: choose another one")
