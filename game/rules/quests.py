"""The rule for quests: each one pays a reward, once, for what a player owns or has done."""

from game import catalogue
from game.accounts import Transfer
from game.catalogue import Quest
from game.decision import Balances, Condition, Decision, RuleViolation

# A condition needs an upper bound, but a quest has only a minimum balance. This bound is so high that no balance
# reaches it.
_NO_LIMIT = 10**9


def reward(player: str, name: str, balances: Balances) -> Decision:
    """Claim the reward of a fulfilled quest."""
    quest = catalogue.QUESTS.get(name)
    if quest is None:
        raise RuleViolation("unknown_quest", f"there is no quest {name!r}; there are {', '.join(catalogue.QUESTS)}")
    if is_rewarded(name, balances):
        raise RuleViolation("already_rewarded", f"the quest {name} is rewarded already")
    proof = fulfilled_by(quest, balances)
    if proof is None:
        raise RuleViolation("quest_not_fulfilled", f"not yet: {quest.title.lower()}")
    return Decision(
        "quest_rewarded",
        {"quest": name, "gold": quest.reward},
        (
            Transfer(f"player:{player}:quest:{name}", "house:quests", 1),
            Transfer("house:mint", f"player:{player}:gold", quest.reward),
        ),
        (Condition(f"player:{player}:{proof}", quest.amount, _NO_LIMIT),),
    )


def is_rewarded(name: str, balances: Balances) -> bool:
    """Return whether the player with these balances has already received the reward of the quest."""
    return balances.get(f"quest:{name}", 1) == 0


def fulfilled_by(quest: Quest, balances: Balances) -> str | None:
    """Return the name of an account that fulfils the quest, or None if no account does."""
    for name, amount in balances.items():
        if amount >= quest.amount and any(
            name == a or (a.endswith(":") and name.startswith(a)) for a in quest.accounts
        ):
            return name
    return None
