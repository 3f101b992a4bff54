"""Test requests that wait until their event is settled."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.backend.settlement_waiter import MAX_WAITING
from tests.support.api_harness import Api
from tests.support.late_log import late_api
from tests.support.redis_server import RedisServer
from tests.support.waiting import eventually


@pytest.fixture
def api(empty_redis: RedisServer) -> Api:
    return late_api(empty_redis)


def buy(api: Api, token: dict[str, str], key: str, sword: str = "iron_sword", **headers: str):
    return api.client.post("/buy_sword", json={"sword": sword}, headers={**token, "Idempotency-Key": key, **headers})


def test_wait_returns_when_settled(api: Api) -> None:
    token = api.register() | {"Prefer": "wait=10"}
    api.log.outcome = "unsettled"
    timer = threading.Timer(0.2, api.log.settle_rest)
    timer.start()
    answer = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token)
    assert (answer.status_code, answer.json["status"]) == (200, "settled")
    assert answer.headers["Preference-Applied"] == "wait=10"
    assert answer.json["offset"] == 2
    timer.join()


def test_wait_ends_when_time_is_up(api: Api) -> None:
    token = api.register() | {"Prefer": "wait=0"}
    api.log.outcome = "unsettled"
    answer = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token)
    assert (answer.status_code, answer.json["status"]) == (202, "pending")
    assert answer.headers["Preference-Applied"] == "wait=0"


def test_request_beyond_max_waiting_does_not_wait(api: Api) -> None:
    token = api.register() | {"Prefer": "wait=5"}
    api.log.outcome = "unsettled"
    watcher = api.app.extensions["guildhall"].settlement_waiter
    with ThreadPoolExecutor(MAX_WAITING) as pool:
        waiting = [pool.submit(watcher.wait, 0, str(uuid.uuid4()), 1.0) for _ in range(MAX_WAITING)]
        eventually(lambda: len(watcher._waiters) == MAX_WAITING, 10)
        answer = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token)
        assert answer.status_code == 202
        assert "Preference-Applied" not in answer.headers
        assert [future.result() for future in waiting] == [None] * MAX_WAITING


def test_repeated_request_may_wait(api: Api) -> None:
    token = api.register()
    buy(api, token, "k1")
    answer = buy(api, token, "k1", Prefer="wait=5")
    assert (answer.status_code, answer.json["status"]) == (200, "settled")
