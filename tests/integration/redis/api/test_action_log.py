"""Test the log lines about actions, which must contain no secrets."""

import uuid
from collections.abc import Iterator

import pytest

from infra import json_logging
from tests.support.api_harness import Api
from tests.support.captured_log import CapturedLog
from tests.support.redis_server import RedisServer


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[CapturedLog]:
    json_logging.clear_context()
    yield CapturedLog(monkeypatch)
    json_logging.clear_context()


def test_outcomes_are_logged_with_the_event_id(api: Api, log: CapturedLog, empty_redis: RedisServer) -> None:
    token = api.register()
    bought = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token).json
    api.client.post("/buy_sword", json={"sword": "dragon_sword"}, headers=token)
    api.log.outcome = "unknown"
    unknown = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token).json["event"]
    empty_redis.connection("admin").zadd("realm:{0}:deadlines", {unknown: 1})
    api.log.outcome = "append"
    api.client.post("/buy_sword", json={"sword": "wooden_sword"}, headers=token)
    api.client.get("/events/3b241101-e2bb-4255-8caf-4136c566a962", headers=token)
    lines = [line for line in log.lines() if line["logger"] == "api"]
    said = [(line["event"], line.get("reason"), line["request"]) for line in lines if line["event"] != "void"]
    assert said == [
        ("accepted", None, "POST /players"),
        ("accepted", None, "POST /buy_sword"),
        ("refused", "not_enough_gold", "POST /buy_sword"),
        ("unknown outcome", None, "POST /buy_sword"),
        ("refused", "unknown_outcome", "POST /buy_sword"),
        ("accepted", None, "POST /buy_sword"),
    ]
    purchase = lines[1]
    assert (purchase["event_id"], purchase["type"], purchase["offset"]) == (bought["id"], "sword_bought", 2)
    assert (purchase["realm"], purchase["player"]) == (0, "ada")
    assert purchase["milliseconds"] > 0
    assert lines[3]["event_id"] == lines[4]["event_id"] == unknown
    assert (lines[2]["realm"], lines[2]["player"]) == (0, "ada")
    (void,) = [line for line in lines if line["event"] == "void"]
    assert (void["event_id"], void["offset"]) == (unknown, 3)


def test_no_secret_is_logged(api: Api, log: CapturedLog) -> None:
    key, birth = uuid.uuid4().hex, str(uuid.uuid4())
    answer = api.client.post("/players", json={"realm": 0, "name": "ada"}, headers={"Idempotency-Key": birth})
    token = {"Authorization": f"Bearer {answer.json['token']}", "Guildhall-Operator": "hush"}
    for sword in ("iron_sword", "iron_sword", "dragon_sword"):
        api.client.post("/buy_sword", json={"sword": sword}, headers=token | {"Idempotency-Key": key})
    api.client.post("/claim_gold", headers={"Authorization": "Bearer forged-token"})
    text = log.text()
    assert "accepted" in text
    assert "idempotency_key_reused" in text
    assert "unauthorized" in text
    for secret in (key, birth, answer.json["token"], "forged-token", "hush"):
        assert secret not in text
