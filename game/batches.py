"""Several commands of one player as one event: all of them happen, or none."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, create_model

from game.accounts import MAX_AMOUNT, MAX_TRANSFERS, Transfer
from game.commands import COMMANDS, Command, DecisionContext, OfferTrade
from game.decision import Decision, RuleViolation

MOST = 50  # actions of one batch: usually two transfers each, and an event has at most a hundred


def _entry(command: type[Command]) -> Any:
    # An offer's id is its event's, so that a batch can hold none.
    fields: Any = {"action": (Literal[command.name], ...)}
    extra: Any = command.model_config.get("json_schema_extra") or {}
    # The command's own example does not say which action it is.
    said = extra | {"example": {"action": command.name} | extra.get("example", {})}
    name = f"{command.__name__}Action"
    config = {"json_schema_extra": said}
    return create_model(name, __base__=command, __doc__=command.__doc__, __cls_kwargs__=config, **fields)


_Action: Any = Union[tuple(_entry(command) for command in COMMANDS if command is not OfferTrade)]  # noqa: UP007


class Batch(BaseModel):
    """Up to 50 actions of one player. With ``atomic`` they are one event, decided on what is settled before it, so that
    none of them sees another's effect; without, each is an event of its own, one after the other."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        json_schema_extra={
            "example": {"actions": [{"action": "buy_sword", "sword": "iron_sword"}, {"action": "claim_gold"}]}
        },
    )

    actions: list[Annotated[_Action, Field(discriminator="action")]] = Field(min_length=1, max_length=MOST)
    atomic: bool = True


def combine(actions: Sequence[Command], scene: DecisionContext) -> Decision:
    """One decision that does what all of these do. Raises RuleViolation."""
    decisions = [action.decide(scene) for action in actions]
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
