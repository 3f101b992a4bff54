"""Test batches of actions."""

from typing import Any

from tests.support.api_harness import Api

Headers = dict[str, str]


def code(answer: Any) -> str:
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    return str(answer.json["type"]).removeprefix("/problems/")


BATCH = [{"action": "buy_sword", "sword": "iron_sword"}, {"action": "claim_gold"}, {"action": "sell", "item": "x_"}]


def test_batch_is_one_event_or_none(api: Api) -> None:
    ada = api.register()
    assert code(api.client.post("/batches", json={"actions": BATCH}, headers=ada)) == "unknown_item"
    answer = api.client.post("/batches", json={"actions": BATCH[:2]}, headers=ada)
    assert (answer.status_code, answer.json["type"]) == (202, "actions_batched")
    assert answer.json["details"] == {"actions": 2, "sword_bought": 1, "gold_claimed": 1}
    assert api.client.get("/inventory", headers=ada).json["accounts"]["gold"]["settled"] == 95


def test_separate_actions_have_results_and_happen_once(api: Api) -> None:
    ada = api.register() | {"Idempotency-Key": "list"}
    body = {"atomic": False, "actions": BATCH}
    first = api.client.post("/batches", json=body, headers=ada)
    assert [result["status"] for result in first.json["results"]] == [202, 202, 409]
    assert first.json["results"][2]["body"]["type"] == "/problems/unknown_item"
    again = api.client.post("/batches", json=body, headers=ada)
    ids = [[result["body"].get("id") for result in answer.json["results"]] for answer in (first, again)]
    assert ids[0] == ids[1]
    assert len(api.log.events) == 4  # a fence, a registration and the two accepted actions


def test_batch_has_at_most_fifty_actions(api: Api) -> None:
    ada = api.register()
    many = [{"action": "buy", "item": "wooden_sword"}] * 5 + [{"action": "sell", "item": "wooden_sword"}] * 45
    assert code(api.client.post("/batches", json={"actions": many}, headers=ada)) == "not_enough_items"
    assert code(api.client.post("/batches", json={"actions": [*many, many[0]]}, headers=ada)) == "invalid"
    gifts = [{"action": "buy", "item": "wooden_sword"}] * 10
    assert api.client.post("/batches", json={"actions": gifts}, headers=ada).status_code == 202
