"""Batches: several commands by one player, combined into one event so that either all of them happen or none."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, create_model

from game.accounts import MAX_AMOUNT, MAX_TRANSFERS, Transfer
from game.commands import COMMANDS, Command, DecisionContext, OfferTrade
from game.decision import Decision, RuleViolation

# Limit for one batch. An action usually makes two transfers, and an event has at most 100 (MAX_TRANSFERS).
MAX_ACTIONS = 50


def _entry(command: type[Command]) -> Any:
    fields: Any = {"action": (Literal[command.name], ...)}
    return create_model(f"{command.__name__}Action", __base__=command, __doc__=command.__doc__, **fields)


# A batch cannot contain a trade offer. The id of an offer is the id of its event, but a batch has only one event.
_Action: Any = Union[tuple(_entry(command) for command in COMMANDS if command is not OfferTrade)]  # noqa: UP007


class Batch(BaseModel):
    """Up to 50 actions of one player.

    If ``atomic`` is true, the actions become one event. All of them are decided on the state before this event, so that
    no action sees the effect of another. Otherwise each action becomes an event of its own, one after the other.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        json_schema_extra={
            "example": {"actions": [{"action": "buy_sword", "sword": "iron_sword"}, {"action": "claim_gold"}]}
        },
    )

    actions: list[Annotated[_Action, Field(discriminator="action")]] = Field(min_length=1, max_length=MAX_ACTIONS)
    atomic: bool = True


def combine(actions: Sequence[Command], context: DecisionContext) -> Decision:
    """Return one decision that does all of the actions.

    Raises RuleViolation if the rules do not allow one of the actions, or if the batch is too large.
    """
    decisions = [action.decide(context) for action in actions]
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for decision in decisions:
        for transfer in decision.transfers:
            sums[transfer.debit, transfer.credit] += transfer.amount
    if len(sums) > MAX_TRANSFERS or max(sums.values()) > MAX_AMOUNT:
        raise RuleViolation("batch_too_large", f"the actions need more than {MAX_TRANSFERS} transfers: split them")
    transfers = tuple(Transfer(debit, credit, amount) for (debit, credit), amount in sums.items())
    conditions = {condition: None for decision in decisions for condition in decision.conditions}
    return Decision("actions_batched", _summary(decisions), transfers, tuple(conditions))


def _summary(decisions: Sequence[Decision]) -> dict[str, str | int]:
    counts = Counter(decision.type for decision in decisions)
    return {"actions": len(decisions), **counts}
