"""Test repeated requests, with a real Redis and a scripted log."""

import threading
import uuid

import pytest

from game import catalogue
from game.events import Event, EventTransfer
from state.control_events import fence_event
from state.results import Held, Reservation
from tests.support.api_harness import Api
from tests.support.clock import NOW
from tests.support.late_log import late_api
from tests.support.ledger_game import give
from tests.support.redis_server import RedisServer
from tests.support.waiting import eventually


@pytest.fixture
def api(empty_redis: RedisServer) -> Api:
    return late_api(empty_redis)


def buy(api: Api, token: dict[str, str], key: str, sword: str = "iron_sword", **headers: str):
    return api.client.post("/buy_sword", json={"sword": sword}, headers={**token, "Idempotency-Key": key, **headers})


def test_same_key_and_body_return_the_same_event(api: Api) -> None:
    token = api.register()
    first, second = buy(api, token, "k1"), buy(api, token, '"k1"')
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json == first.json | {"status": "settled"}
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert [event.type for event in api.log.events].count("sword_bought") == 1


def test_spelling_of_json_does_not_matter(api: Api) -> None:
    token = api.register() | {"Idempotency-Key": "k1", "Content-Type": "application/json"}
    first = api.client.post("/buy_sword", data='{"sword": "iron_sword"}', headers=token)
    second = api.client.post("/buy_sword", data='{ "sword" : "iron\\u005fsword"}', headers=token)
    assert second.json["id"] == first.json["id"]


def test_same_key_with_another_body_is_422(api: Api) -> None:
    token = api.register()
    buy(api, token, "k1")
    answer = buy(api, token, "k1", "wooden_sword")
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/idempotency_key_reused")
    other_route = api.client.post("/claim_gold", headers={**token, "Idempotency-Key": "k1"})
    assert other_route.status_code == 422


def test_key_belongs_to_its_player(api: Api) -> None:
    ada, bob = api.register(), api.register("bob")
    assert buy(api, ada, "k1").json["id"] != buy(api, bob, "k1").json["id"]


def test_retry_after_unknown_outcome_appends_again(api: Api) -> None:
    token = api.register()
    api.log.outcome = "unknown"
    lost = buy(api, token, "k1")
    assert (lost.status_code, lost.json["type"]) == (503, "/problems/unknown_outcome")
    api.log.outcome = "append"
    retried = buy(api, token, "k1")
    assert (retried.status_code, retried.json["id"]) == (202, lost.json["event"])
    assert api.log.events[-1].id == retried.json["id"]
    assert api.ledger.holdings(0, "player:ada").settled["gold"] == 70


def test_retry_after_lost_acknowledgement_buys_once(api: Api) -> None:
    token = api.register()
    api.log.outcome = "lost_ack"
    assert buy(api, token, "k1").status_code == 503
    api.log.outcome = "append"
    assert buy(api, token, "k1").status_code == 202
    assert len(api.log.events) == 3
    assert api.ledger.holdings(0, "player:ada").settled["gold"] == 70


def test_retry_appends_the_first_event_despite_new_rules(api: Api, monkeypatch) -> None:
    token = api.register()
    api.log.outcome = "unknown"
    buy(api, token, "k1")
    monkeypatch.setitem(catalogue.SWORDS, "iron_sword", 31)
    api.log.outcome = "append"
    assert buy(api, token, "k1").json["details"]["price"] == 30


def test_retry_during_the_first_try_is_409(api: Api) -> None:
    token = api.register()
    api.log.outcome = "silence"
    first: list = []
    sender = threading.Thread(target=lambda: first.append(buy(api, token, "k1")))
    sender.start()
    eventually(lambda: hasattr(api.log, "unanswered"), 10)
    second = buy(api, token, "k1")
    assert (second.status_code, second.json["type"]) == (409, "/problems/idempotency_key_in_use")
    assert "Retry-After" in second.headers
    api.log.unanswered(None)
    sender.join(10)
    assert first[0].status_code == 503


def test_refused_key_may_be_retried(api: Api) -> None:
    token = api.register()
    assert buy(api, token, "k1", "dragon_sword").json["type"] == "/problems/not_enough_gold"
    services = api.app.extensions["guildhall"]
    gift = Reservation(str(uuid.uuid4()), 0, "ada", give(100))
    (held,) = services.ledger.reserve_many([gift])
    assert isinstance(held, Held)
    transfers = [EventTransfer(debit=t.debit, credit=t.credit, amount=t.amount) for t in gift.decision.transfers]
    event = api.log.events[-1].model_copy(
        update={"id": gift.event_id, "generation": held.generation, "transfers": transfers}
    )
    api.log.append(event, lambda _offset: None)
    assert buy(api, token, "k1", "dragon_sword").status_code == 202


def test_certain_failure_releases_the_hold(api: Api) -> None:
    token = api.register()
    api.log.outcome = "refuse"
    assert buy(api, token, "k1").json["type"] == "/problems/unavailable"
    assert api.ledger.holdings(0, "player:ada").held == {}
    api.log.outcome = "append"
    assert buy(api, token, "k1").status_code == 202


def test_certain_failure_of_retry_keeps_earlier_hold(api: Api) -> None:
    token = api.register()
    api.log.outcome = "unknown"
    buy(api, token, "k1")
    api.log.outcome = "refuse"
    assert buy(api, token, "k1").json["type"] == "/problems/unknown_outcome"
    assert api.ledger.holdings(0, "player:ada").held == {"gold": 30}


def test_late_first_try_cannot_release_the_retry(api: Api) -> None:
    token = api.register()
    api.log.outcome = "unknown"
    event_id = buy(api, token, "k1").json["event"]
    api.log.outcome = "unsettled"
    assert buy(api, token, "k1").status_code == 202
    assert api.ledger.release(0, event_id, 0) is False
    api.log.settle_rest()
    assert api.ledger.event(0, event_id).status == "settled"


def test_voided_event_stays_void(api: Api, empty_redis: RedisServer) -> None:
    token = api.register()
    api.log.outcome = "unknown"
    lost = buy(api, token, "k1").json["event"]
    empty_redis.connection("admin").zadd("realm:{0}:deadlines", {lost: 1})
    doomed = buy(api, token, "k1")
    assert (doomed.status_code, doomed.json["event"]) == (503, lost)
    api.log.outcome = "append"
    buy(api, token, "k2", "wooden_sword")  # the next action voids the overdue hold
    answer = buy(api, token, "k1")
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/voided")
    assert buy(api, token, "k1", "wooden_sword").status_code == 422
    assert api.ledger.holdings(0, "player:ada").settled["gold"] == 90


def test_event_is_not_appended_after_its_void(api: Api, empty_redis: RedisServer) -> None:
    token = api.register()
    api.log.outcome = "unknown"
    lost = buy(api, token, "k1").json["event"]
    empty_redis.connection("admin").zadd("realm:{0}:deadlines", {lost: 1})
    assert [hold.event_id for hold in api.log.settler.sweep(0)] == [lost]
    api.log.outcome = "append"
    before = len(api.log.events)
    assert buy(api, token, "k1").status_code == 503
    assert len(api.log.events) == before


def test_hold_with_pending_void_is_not_released(api: Api, empty_redis: RedisServer) -> None:
    """If the hold were released, the same request could take a new hold.

    The pending void would then cancel the new event after its 2xx response.
    """
    token = api.register()
    api.log.outcome = "unknown"
    lost = buy(api, token, "k1").json["event"]
    empty_redis.connection("admin").zadd("realm:{0}:deadlines", {lost: 1})
    assert [hold.event_id for hold in api.log.settler.sweep(0)] == [lost]
    assert api.ledger.release(0, lost, 0) is False
    assert api.ledger.event(0, lost).status == "pending"


def test_repeated_claim_returns_the_first_result(api: Api) -> None:
    token = api.register() | {"Idempotency-Key": "today"}
    first = api.client.post("/claim_gold", headers=token)
    assert api.client.post("/claim_gold", headers=token).json["id"] == first.json["id"]


@pytest.mark.parametrize("key", ["", " ", '"', '"a', "a b", "a" * 256, "é"])
def test_invalid_key_is_400(api: Api, key: str) -> None:
    answer = buy(api, api.register(), key)
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/invalid_idempotency_key")


def test_repeated_registration_returns_the_token(api: Api) -> None:
    def register(key: str | None, **body: object):
        headers = {"Idempotency-Key": key} if key else {}
        return api.client.post("/players", json={"realm": 0, **body}, headers=headers)

    key = str(uuid.uuid4())
    first, second = register(key, name="cy"), register(key, name="cy")
    assert (first.status_code, second.status_code) == (202, 202)
    token = {"Authorization": f"Bearer {second.json['token']}"}
    assert api.client.get("/inventory", headers=token).json["player"] == "cy"
    assert register(str(uuid.uuid4()), name="cy").json["type"] == "/problems/name_taken"
    assert register(None, name="cy").json["type"] == "/problems/name_taken"
    assert register("1", name="dan").json["type"] == "/problems/invalid_idempotency_key"
    guest = str(uuid.uuid4())
    assert register(guest).json["player"] == register(guest).json["player"]


def test_event_of_old_generation_does_not_use_the_key(api: Api, empty_redis: RedisServer) -> None:
    """The event of the first try reaches the log only after a fence. Then the client retries the request."""
    token = api.register()
    api.log.outcome = "unknown"
    lost = buy(api, token, "k1").json["event"]
    late = Event.model_validate_json(empty_redis.connection("admin").hget("realm:{0}:drafts", lost))
    late = late.model_copy(update={"generation": 0})
    api.log.outcome = "append"
    api.log.append(fence_event(0, str(uuid.uuid4()), NOW), lambda _offset: None)
    assert api.client.get(f"/events/{lost}", headers=token).status_code == 404
    api.log.outcome = "unsettled"
    retried = buy(api, token, "k1")
    assert (retried.status_code, retried.json["id"]) == (202, lost)
    # Append the late event of the first try to the log before the event of the retry.
    second = api.log.events.pop()
    api.log.waiting.clear()
    api.log._append(late)
    api.log._append(second)
    api.log.settle_rest()
    assert api.client.get(f"/events/{lost}", headers=token).json["status"] == "settled"
    assert api.ledger.holdings(0, "player:ada").settled["gold"] == 70
    assert api.ledger.holdings(0, "player:ada").held == {}


def test_status_of_the_log_shows_again_after_a_hold(api: Api, empty_redis: RedisServer) -> None:
    """The log alone decides the status, so a later try without effect must not remove the earlier status."""

    def fence() -> None:
        api.log.outcome = "append"
        api.log.append(fence_event(0, str(uuid.uuid4()), NOW), lambda _offset: None)

    token = api.register()
    api.log.outcome = "unknown"
    event_id = buy(api, token, "k1").json["event"]
    late = Event.model_validate_json(empty_redis.connection("admin").hget("realm:{0}:drafts", event_id))
    fence()
    api.log.append(late.model_copy(update={"generation": 0}), lambda _offset: None)
    stale = api.client.get(f"/events/{event_id}", headers=token).json
    assert stale["status"] == "voided"
    api.log.outcome = "unknown"
    buy(api, token, "k1")
    assert api.client.get(f"/events/{event_id}", headers=token).json["status"] == "pending"
    fence()
    assert api.client.get(f"/events/{event_id}", headers=token).json == stale


def test_endless_retries_do_not_extend_the_hold(api: Api, empty_redis: RedisServer) -> None:
    token = api.register()
    api.log.outcome = "unknown"
    event_id = buy(api, token, "k1").json["event"]
    assert buy(api, token, "k1").json["type"] == "/problems/unknown_outcome"
    admin = empty_redis.connection("admin")
    number, ends, _ = admin.hget("realm:{0}:attempts", event_id).split(" ")
    admin.hset("realm:{0}:attempts", event_id, f"{number} {ends} 1")
    deadline = admin.zscore("realm:{0}:deadlines", event_id)
    api.log.outcome = "append"
    assert buy(api, token, "k1").json["type"] == "/problems/unknown_outcome"
    assert admin.zscore("realm:{0}:deadlines", event_id) == deadline
    assert len(api.log.events) == 2
