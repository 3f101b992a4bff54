"""Test how the API accepts actions, with a real Redis and a log that fails on demand."""

import json

import pytest
from pydantic import SecretStr

from api.backend.group_commit import GroupCommit, Unknown
from game.events import new_event
from game.rules import shop
from infra.settings import Settings
from state.connection import connect
from state.ledger import Ledger
from state.results import Reservation
from tests.support.api_harness import Api
from tests.support.clock import NOW, TODAY
from tests.support.redis_server import RedisServer


def test_purchase_is_settled(api: Api) -> None:
    token = api.register()
    answer = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token)
    assert answer.status_code == 202
    assert answer.json["status"] == "pending"
    seen = api.client.get(answer.headers["Location"], headers=token)
    assert seen.json == {
        "id": answer.json["id"],
        "status": "settled",
        "type": "sword_bought",
        "offset": 2,
        "details": {"item": "iron_sword", "kind": "sword", "price": 30, "quantity": 1, "sword": "iron_sword"},
    }
    accounts = api.client.get("/inventory", headers=token).json["accounts"]
    assert accounts["gold"] == {"settled": 70, "held": 0, "available": 70}
    assert accounts["item:iron_sword"]["settled"] == 1


def test_not_enough_gold_names_account_and_amounts(api: Api) -> None:
    token = api.register()
    answer = api.client.post("/buy_sword", json={"sword": "dragon_sword"}, headers=token)
    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    assert (answer.json["account"], answer.json["available"], answer.json["needed"]) == ("player:ada:gold", 100, 150)
    assert answer.json["type"] == "/problems/not_enough_gold"


def test_refusing_log_is_503_and_releases_the_hold(api: Api) -> None:
    token = api.register()
    api.log.outcome = "refuse"
    answer = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token)
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/unavailable")
    assert "Retry-After" in answer.headers
    assert api.ledger.holdings(0, "player:ada").held == {}


def test_unknown_outcome_is_503_and_keeps_the_hold(api: Api) -> None:
    token = api.register()
    api.log.outcome = "unknown"
    answer = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token)
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/unknown_outcome")
    assert api.client.get(f"/events/{answer.json['event']}", headers=token).json["status"] == "pending"
    assert api.ledger.holdings(0, "player:ada").held == {"gold": 30}


def test_late_acknowledgement_is_an_unknown_outcome(api: Api) -> None:
    api.register()
    times = iter([0.0, Settings().acceptance_seconds])
    commit = GroupCommit(api.ledger, api.log, Settings(), monotonic=lambda: next(times))
    decision = shop.buy("ada", "iron_sword", 1, None)
    event = new_event(
        event_id="0123-4567", event_type=decision.type, realm=0, player="ada", at=NOW, transfers=decision.transfers
    )
    assert commit.commit(Reservation(event.id, 0, "ada", decision), event) == Unknown()


def test_expired_hold_is_voided_by_the_next_action(api: Api, empty_redis: RedisServer) -> None:
    token = api.register()
    api.log.outcome = "unknown"
    lost = api.client.post("/buy_sword", json={"sword": "steel_sword"}, headers=token).json["event"]
    empty_redis.connection("admin").zadd("realm:{0}:deadlines", {lost: 1})
    api.log.outcome = "append"
    api.client.post("/buy_sword", json={"sword": "wooden_sword"}, headers=token)
    assert api.client.get(f"/events/{lost}", headers=token).json["status"] == "voided"
    assert api.ledger.holdings(0, "player:ada").held == {}


def test_nothing_is_accepted_without_redis(api: Api, empty_redis: RedisServer) -> None:
    token = api.register()
    settings = empty_redis.settings("api").model_copy(update={"redis_password": SecretStr("wrong")})
    api.app.extensions["guildhall"].commit._ledger = Ledger(connect(settings))
    answer = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token)
    assert (answer.status_code, len(api.log.events)) == (503, 2)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("post", "/buy_sword", {"sword": "excalibur"}, 409, "unknown_sword"),
        ("post", "/buy_sword", {"sword": 5}, 422, "invalid"),
        ("post", "/buy_sword", {"sword": "iron_sword", "price": 1}, 422, "invalid"),
        ("post", "/join_guild", {"guild": "No:Colons"}, 422, "invalid"),
        ("delete", "/guild", None, 409, "not_in_guild"),
        ("post", "/players", {"realm": 99}, 422, "unknown_realm"),
        ("post", "/players", {"realm": 0, "name": "ada"}, 409, "name_taken"),
        ("get", "/events/3b241101-e2bb-4255-8caf-4136c566a962", None, 404, "unknown_event"),
        ("get", "/nowhere", None, 404, "not_found"),
        ("put", "/inventory", None, 405, "method_not_allowed"),
    ],
)
def test_error_is_a_problem_with_a_stable_type(api: Api, method, path, body, status, code) -> None:
    token = api.register()
    answer = api.client.open(path, method=method.upper(), json=body, headers=token)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["type"] == f"/problems/{code}"


def test_body_without_json_or_too_large_is_refused(api: Api) -> None:
    token = api.register()
    assert api.client.post("/buy_sword", data="sword=iron_sword", headers=token).status_code == 415
    large = json.dumps({"sword": "x" * 20000})
    answer = api.client.post("/buy_sword", data=large, headers=token, content_type="application/json")
    assert answer.status_code == 413


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer forged", "Basic YWRhOmFkYQ=="])
def test_invalid_token_is_401(api: Api, header: str) -> None:
    answer = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers={"Authorization": header})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="guildhall"')


def test_location_of_another_player_is_404(api: Api) -> None:
    ada, bob = api.register(), api.register("bob")
    location = api.client.post("/claim_gold", headers=ada).headers["Location"]
    assert api.client.get(location, headers=ada).status_code == 200
    assert api.client.get(location, headers=bob).status_code == 404


def test_readiness_follows_the_servers(api: Api) -> None:
    assert api.client.get("/readyz").status_code == 200
    api.log.outcome = "refuse"
    assert api.client.get("/readyz").status_code == 503
    assert api.client.get("/healthz").status_code == 200


def test_daily_gold_is_claimed_once_by_http(api: Api) -> None:
    token = api.register()
    assert api.client.post("/claim_gold", headers=token).status_code == 202
    again = api.client.post("/claim_gold", headers=token)
    assert (again.status_code, again.json["type"]) == (409, "/problems/already_claimed")
    assert api.log.events[-1].details["day"] == TODAY.isoformat()
