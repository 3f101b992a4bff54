"""Test whether an event matches the request that should have caused it."""

from typing import Any

import pytest

from load.workload.history import OperationType
from load.workload.operations import matches_request


@pytest.mark.parametrize(
    ("kind", "request_", "event_type", "details", "is_it"),
    [
        ("buy", {"item": "oak_shield"}, "item_bought", {"item": "oak_shield", "quantity": 1}, True),
        ("buy", {"item": "oak_shield", "quantity": 2}, "item_bought", {"item": "oak_shield", "quantity": 1}, False),
        ("buy", {"item": "oak_shield"}, "item_sold", {"item": "oak_shield", "quantity": 1}, False),
        ("lead_guild", {"player": "bob"}, "leader_changed", {"guild": "knights", "leader": "bob"}, True),
        ("lead_guild", {"player": "bob"}, "leader_changed", {"guild": "knights", "leader": "cat"}, False),
        ("offer_trade", {"to": "bob", "give": {"gold": 5}}, "trade_offered", {"to": "bob", "give_gold": 5}, True),
        ("offer_trade", {"to": "bob", "give": {"gold": 5}}, "trade_offered", {"to": "bob", "give_gold": 6}, False),
        ("batch", {"actions": [{"action": "buy"}] * 2}, "actions_batched", {"actions": 2, "sword_bought": 2}, True),
        ("batch", {"actions": [{"action": "buy"}] * 2}, "actions_batched", {"actions": 1, "sword_bought": 1}, False),
        ("batch", {"actions": [{"action": "buy"}] * 2}, "actions_batched", {"actions": 2, "gold_claimed": 2}, False),
        ("batch", {"actions": [{"action": "buy"}] * 2}, "actions_batched", {"actions": 2, "sword_bought": 1}, False),
    ],
)
def test_event_matches_its_request(
    kind: OperationType, request_: dict[str, Any], event_type: str, details: dict[str, Any], is_it: bool
) -> None:
    assert matches_request(kind, request_, event_type, details) == is_it
