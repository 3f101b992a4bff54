"""Test the requests that the workload generator plans."""

from game.batches import Batch
from game.commands import COMMANDS
from game.events import event_id_of
from load.workload.generator import PlannedRequest
from load.workload.operations import ROUTES
from load.workload.runner import player_slots


def wishes(seed: int) -> list[PlannedRequest]:
    return [
        seat.plan(life, turn) for seat in player_slots(seed, "run", 2, 12) for life in range(5) for turn in range(1, 26)
    ]


def test_same_seed_plans_the_same_requests() -> None:
    assert wishes(1) == wishes(1)
    assert wishes(1) != wishes(2)


def test_every_operation_is_planned_in_valid_form() -> None:
    commands = {command.name: command for command in COMMANDS}
    assert {wish.kind for wish in wishes(1)} == ROUTES.keys() - {"register"}
    for wish in wishes(1):
        if wish.kind in commands:
            commands[wish.kind].model_validate(wish.request)
        elif wish.request:
            Batch.model_validate(wish.request)
        assert bool(wish.key) == bool(ROUTES[wish.kind].types or wish.kind == "batch_apart")


def test_planned_acceptances_follow_offers() -> None:
    offered = {
        (event_id_of(seat.realm, seat.name(life), wish.key), wish.request["to"])
        for seat in player_slots(1, "run", 2, 32)
        for life in range(5)
        for wish in (seat.plan(life, turn) for turn in range(1, 26))
        if wish.kind == "offer_trade"
    }
    accepted = [
        ((wish.request["trade"], seat.name(life)) in offered)
        for seat in player_slots(1, "run", 2, 32)
        for life in range(5)
        for wish in (seat.plan(life, turn) for turn in range(1, 26))
        if wish.kind == "accept_trade"
    ]
    assert sum(accepted) > len(accepted) / 4
