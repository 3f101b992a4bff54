"""Quests: a reward for what a player has come to own or done, once each."""

from game import catalogue
from game.accounts import Transfer
from game.catalogue import Quest
from game.decision import Balances, Condition, Decision, RuleViolation

MOST = 10**9  # no balance that earns a reward has an upper limit


def reward(player: str, name: str, has: Balances) -> Decision:
    """The reward of a quest that is fulfilled."""
    quest = catalogue.QUESTS.get(name)
    if quest is None:
        raise RuleViolation("unknown_quest", f"there is no quest {name!r}; there are {', '.join(catalogue.QUESTS)}")
    if is_rewarded(name, has):
        raise RuleViolation("already_rewarded", f"the reward of {name} was had already")
    proof = fulfilled_by(quest, has)
    if proof is None:
        raise RuleViolation("quest_not_fulfilled", f"not yet: {quest.title.lower()}")
    return Decision(
        "quest_rewarded",
        {"quest": name, "gold": quest.reward},
        (
            Transfer(f"player:{player}:quest:{name}", "house:quests", 1),
            Transfer("house:mint", f"player:{player}:gold", quest.reward),
        ),
        (Condition(f"player:{player}:{proof}", quest.amount, MOST),),
    )


def is_rewarded(name: str, has: Balances) -> bool:
    """Whether the player with these balances has had the reward."""
    return has.get(f"quest:{name}", 1) == 0


def fulfilled_by(quest: Quest, has: Balances) -> str | None:
    """The name of the account that fulfils the quest, None if none does."""
    for name, amount in has.items():
        if amount >= quest.amount and any(
            name == a or (a.endswith(":") and name.startswith(a)) for a in quest.accounts
        ):
            return name
    return None
