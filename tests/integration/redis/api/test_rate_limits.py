"""Test the rate limits."""

from typing import Any

import pytest
import redis
from flask_limiter import RequestLimit
from pydantic import SecretStr

from tests.support.api_harness import Api
from tests.support.redis_server import RedisServer

Headers = dict[str, str]


def buy(api: Api, token: Headers, headers: Headers | None = None, **body: Any) -> Any:
    return api.client.post("/purchases", json=body, headers=token | (headers or {}))


def code(answer: Any) -> str:
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    return str(answer.json["type"]).removeprefix("/problems/")


OPERATOR = {"Guildhall-Operator": "operator-secret"}


@pytest.fixture
def limited(empty_redis: RedisServer) -> Api:
    return Api(
        empty_redis,
        limit_player="3 per minute",
        limit_address="10 per minute",
        operator_key=SecretStr(OPERATOR["Guildhall-Operator"]),
    )


def test_limit_of_a_player_does_not_affect_others(limited: Api) -> None:
    tokens = [limited.register(f"player_{i}") for i in range(2)]
    answers = [limited.client.get("/quests", headers=tokens[0]) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert code(answers[3]) == "too_many_requests"
    assert answers[0].headers["RateLimit-Limit"] == "3"
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert 0 < int(answers[3].headers["Retry-After"]) <= 61
    assert "Retry-After" not in answers[0].headers
    assert limited.client.get("/quests", headers=tokens[1]).status_code == 200


def test_address_is_limited_and_operator_is_not(limited: Api) -> None:
    statuses = []
    for _ in range(3):
        token = limited.client.post("/players", json={"realm": 0}, headers=OPERATOR).json["token"]
        headers = {"Authorization": f"Bearer {token}"}
        statuses += [limited.client.get("/quests", headers=headers).status_code for _ in range(4)]
    assert statuses.count(200) == 9 or statuses.count(429) == 3
    assert limited.client.get("/quests", headers=headers).status_code == 429
    assert limited.client.get("/quests", headers=headers | OPERATOR).status_code == 200
    wrong = {"Guildhall-Operator": "operator-secreT"}
    assert limited.client.get("/quests", headers=headers | wrong).status_code == 429
    assert limited.client.get("/healthz").status_code == 200


def test_unreachable_counters_block_no_one(empty_redis: RedisServer) -> None:
    unlimited = Api(empty_redis, limiter_password=SecretStr("wrong"), limit_player="1 per minute")
    token = unlimited.register()
    assert [unlimited.client.get("/quests", headers=token).status_code for _ in range(3)] == [200] * 3


def test_failing_counters_do_not_change_a_response(limited: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """To write the headers of a response, the API reads the counters a second time.

    A failure of that second read once turned an accepted action into a 500.
    """

    def fail(*_: object) -> float:
        raise redis.TimeoutError("told to")

    monkeypatch.setattr(RequestLimit, "reset_at", property(fail))
    token = limited.register()
    answer = buy(limited, token, item="wooden_sword")
    assert (answer.status_code, answer.headers.get("RateLimit-Limit")) == (202, None)


def test_empty_operator_key_is_never_accepted(api: Api) -> None:
    answers = [api.client.get("/healthz", headers={"Guildhall-Operator": ""})]
    answers += [api.client.get("/shop", headers={"Guildhall-Operator": ""}) for _ in range(121)]
    assert answers[-1].status_code == 429
