"""Check that a name cannot be mistaken for another name or for a key of the ledger."""

from typing import Final

from game.decision import RuleViolation

#: Names of guests start so; the game makes them.
GUEST: Final = "guest_"

# The last parts of the ledger's own keys: the Redis users that may write to those keys must not be able to write to
# the accounts of a player with the same name.
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

# The confusable characters of Unicode (UTS 39) that remain when only a to z, digits and _ are allowed.
_LOOKS = (("0", "o"), ("1", "l"), ("rn", "m"), ("vv", "w"), ("__", "_"))


def skeleton(name: str) -> str:
    """Return what the name looks like: names with the same skeleton can be mistaken for one another."""
    for given, looks in _LOOKS:
        while given in name:
            name = name.replace(given, looks)
    name = name.rstrip("_")
    return name if len(name) > 1 else f"{name}_"


def check(name: str) -> None:
    """Raise RuleViolation for a name that players may not choose."""
    if name in RESERVED or name.startswith(GUEST):
        raise RuleViolation("name_reserved", f"the name {name} is reserved by the game: choose another one")
