"""Test the workload against a server that the test starts, and without a server."""

import json
from pathlib import Path

from flask import Flask

from game.events import event_id_of
from load.workload.client import Action, Client
from load.workload.runner import play
from tests.support.http_server import serving
from tests.support.story import REALM, id_of


def test_separate_batch_is_one_operation_an_action() -> None:
    results = [{"status": 202, "body": {"id": "x"}}, {"status": 503, "body": {"type": "/problems/unknown_outcome"}}]
    app = Flask(__name__)
    app.add_url_rule("/batches", "batches", lambda: {"results": results}, methods=["POST"])
    actions = [{"action": "claim_gold"}, {"action": "strike", "target": "bob"}]
    client = Client("http://127.0.0.1:1")
    action = Action(REALM, "ada", "t", "batch_apart", {"actions": actions, "atomic": False}, "k")
    unanswered, reply = client.attempt(action)
    client.close()
    assert reply.is_open
    with serving(app) as url:
        client = Client(url)
        answered, reply = client.attempt(action)
        client.close()
    assert reply.is_open  # because the outcome of one action in the batch is unknown
    for operations, outcomes in ((unanswered, ["unknown", "unknown"]), (answered, ["success", "unknown"])):
        assert [(o.kind, o.request, o.key) for o in operations] == [
            ("claim_gold", {}, "k/0"),
            ("strike", {"target": "bob"}, "k/1"),
        ]
        assert [o.outcome for o in operations] == outcomes
    assert [o.event_id for o in unanswered] == [id_of("k/0"), id_of("k/1")]
    assert [o.event_id for o in answered] == ["x", id_of("k/1")]


def test_workload_without_server_runs_to_its_deadline(tmp_path: Path) -> None:
    counts: list[int] = []
    file = tmp_path / "history.jsonl"
    # Use port 1, because no program listens there.
    operations = play("http://127.0.0.1:1", 2, 4, 100, 1, file, 2, deadline_seconds=1.0, progress=counts.append)
    assert {(o.kind, o.outcome, o.answer) for o in operations} == {("register", "unknown", None)}
    assert counts == list(range(1, len(operations) + 1))
    assert [json.loads(line)["key"] for line in file.read_text().splitlines()] == [o.key for o in operations]
    assert all(o.event_id == event_id_of(o.realm, o.player, o.key or "") for o in operations)
