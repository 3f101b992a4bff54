"""Which names may be taken: those that no reader and no key can take for another one."""

from typing import Final

from game.decision import RuleViolation

#: Names of guests are of our making.
GUEST: Final = "guest_"

# The last parts of the ledger's own keys: what may write to those may not write to the books of a player.
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

# What is left of the confusable characters of Unicode (UTS 39) when only a to z, digits and _ may be used.
_LOOKS = (("0", "o"), ("1", "l"), ("rn", "m"), ("vv", "w"), ("__", "_"))


def skeleton(name: str) -> str:
    """What the name looks like: names with the same skeleton can be taken for one another."""
    for given, looks in _LOOKS:
        while given in name:
            name = name.replace(given, looks)
    name = name.rstrip("_")
    return name if len(name) > 1 else f"{name}_"


def check(name: str) -> None:
    """Raises RuleViolation for a name that nobody may choose."""
    if name in RESERVED or name.startswith(GUEST):
        raise RuleViolation("name_reserved", f"{name} is a name that the game keeps for itself: choose another one")
