"""Test which outcome the workload derives from a response."""

import pytest

from load.workload.client import Reply, outcome_of
from load.workload.history import OperationType, Response


@pytest.mark.parametrize(
    ("kind", "status", "body", "outcome"),
    [
        ("buy_sword", 202, {"id": "x"}, "success"),
        ("buy_sword", 200, {"id": "x"}, "success"),
        ("buy_sword", 202, {}, "unknown"),
        ("buy_sword", 409, {"type": "/problems/not_enough_gold"}, "refused"),
        ("buy_sword", 503, {"type": "/problems/recovering"}, "refused"),
        ("buy_sword", 503, {"type": "/problems/unavailable"}, "refused"),
        ("buy_sword", 503, {"type": "/problems/unknown_outcome"}, "unknown"),
        ("buy_sword", 503, {}, "unknown"),
        ("buy_sword", 500, {"type": "/problems/internal_server_error"}, "unknown"),
        ("buy_sword", 422, {"type": "/problems/invalid"}, "unknown"),
        ("buy_sword", 0, {}, "unknown"),
        ("inventory", 200, {"offset": 1, "accounts": {}}, "success"),
        ("inventory", 404, {"type": "/problems/not_settled"}, "refused"),
        ("inventory", 404, {"type": "/problems/not_found"}, "refused"),
        ("inventory", 404, {}, "unknown"),
        ("buy", 412, {"type": "/problems/state_changed"}, "refused"),
        ("buy", 404, {"type": "/problems/not_found"}, "unknown"),
        ("strike", 429, {"type": "/problems/too_many_requests"}, "unknown"),
        ("history", 200, {"events": [], "next": None}, "success"),
        ("history", 200, {"id": "x"}, "unknown"),
        ("batch", 202, {"id": "x"}, "success"),
        ("batch_apart", 200, {"results": []}, "success"),
        ("batch_apart", 202, {"id": "x"}, "unknown"),
    ],
)
def test_response_gives_its_outcome(
    kind: OperationType, status: int, body: dict[str, object], outcome: Response
) -> None:
    assert outcome_of(kind, Reply(status, body, 0.0)) == outcome
