"""What a client's developer meets: problem types, limits, entity tags, batches, histories, names."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import redis
from flask_limiter import RequestLimit
from pydantic import SecretStr

from api.problems.types import KINDS
from game import catalogue
from infra.paths import ROOT
from tests.conftest import RedisServer, eventually
from tests.support.api_harness import Api

pytestmark = pytest.mark.redis

Headers = dict[str, str]


def buy(api: Api, token: Headers, headers: Headers | None = None, **body: Any) -> Any:
    return api.client.post("/purchases", json=body, headers=token | (headers or {}))


def code(answer: Any) -> str:
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    return str(answer.json["type"]).removeprefix("/problems/")


def sources(*folders: str) -> str:
    return "\n".join(path.read_text() for folder in folders for path in Path(ROOT, folder).rglob("*.py"))


def test_every_problem_that_is_raised_has_a_type_and_a_page(api: Api) -> None:
    text = sources("game", "api")
    raised = set(re.findall(r'(?:RuleViolation|Problem|unavailable)\(\s*f?"([a-z_]+)"', text))
    raised |= {name for name, _ in re.findall(r'": \("([a-z_]+)", "(.)', text)}
    raised |= {"unknown_sword", "unknown_potion", "unknown_item"}  # made from the kind of an item
    assert len(raised) > 40
    assert raised <= KINDS.keys()
    everything = api.client.get("/problems").text
    for name, kind in KINDS.items():
        page = api.client.get(f"/problems/{name}")
        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert kind.title.replace("'", "&#39;") in page.text
        assert f'href="/problems/{name}"' in everything
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert code(api.client.get("/problems/nonsense")) == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "expected"),
    [
        ("GET", "/nowhere", {}, 404, "not_found"),
        ("GET", "/players/nobody", {}, 404, "not_found"),
        ("GET", "/guilds/nothing", {}, 404, "not_found"),
        ("GET", "/players/No:Colons", {}, 422, "invalid"),
        ("GET", "/leaderboards/beauty", {}, 422, "invalid"),
        ("GET", "/history?limit=1000", {}, 422, "invalid"),
        ("POST", "/sales", {"data": "x", "content_type": "text/plain"}, 415, "unsupported_media_type"),
        ("POST", "/sales", {"data": "{", "content_type": "application/json"}, 400, "bad_request"),
        ("POST", "/sales", {"json": []}, 422, "invalid"),
        ("POST", "/sales", {"json": {"item": "iron_sword", "quantity": 0}}, 422, "invalid"),
        ("POST", "/sales", {"json": {"item": "iron_sword", "quantity": "1"}}, 422, "invalid"),
        ("POST", "/sales", {"json": {"item": "iron_sword"}}, 409, "not_enough_items"),
        ("POST", "/batches", {"json": {"actions": []}}, 422, "invalid"),
        ("POST", "/batches", {"json": {"actions": [{"action": "fly"}]}}, 422, "invalid"),
        ("POST", "/sales", {"data": b"x" * 17000, "content_type": "application/json"}, 413, "request_entity_too_large"),
        ("POST", "/claim_gold", {"headers": {"Idempotency-Key": ""}}, 400, "invalid_idempotency_key"),
    ],
)
def test_what_is_wrong_with_a_request(
    api: Api,
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
    expected: str,
) -> None:
    headers = api.register() | options.pop("headers", {})
    answer = api.client.open(path, method=method, headers=headers, **options)
    assert (answer.status_code, code(answer)) == (status, expected)


def test_a_method_that_is_not_allowed_names_those_that_are(api: Api) -> None:
    answer = api.client.put("/guild", headers=api.register())
    assert code(answer) == "method_not_allowed"
    assert set(answer.headers["Allow"].split(", ")) == {"DELETE", "OPTIONS"}


def test_who_may_not_act_is_not_told_what_else_is_wrong(api: Api) -> None:
    assert api.client.post("/sales", data="{").status_code == 401


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("ada", 202),
        ("a", 422),
        ("a" * 25, 422),
        ("Ada", 422),
        ("\N{CYRILLIC SMALL LETTER A}da", 422),
        ("\N{FULLWIDTH LATIN SMALL LETTER A}da", 422),
        ("ada\u200b", 422),
        ("../ada", 422),
        ("ad/a", 422),
        ("ad:a", 422),
        ("ad}a", 422),
        ("1ada", 422),
        ("ada\n", 422),
        ("held", 409),
        ("guest_ada", 409),
    ],
)
def test_names(api: Api, name: str, status: int) -> None:
    assert api.client.post("/players", json={"realm": 0, "name": name}).status_code == status


def test_a_shortfall_names_the_account(api: Api) -> None:
    answer = buy(api, api.register(), item="tower_shield", quantity=2)
    assert answer.json | {"title": ""} == {
        "type": "/problems/not_enough_gold",
        "title": "",
        "status": 409,
        "detail": "ada has 100 gold available and needs 180",
        "account": "player:ada:gold",
        "available": 100,
        "needed": 180,
    }


def test_an_inventory_that_has_not_changed_is_not_sent_again(api: Api) -> None:
    ada, _bob = api.register(), api.register("bob")
    first = api.client.get("/inventory", headers=ada)
    again = api.client.get("/inventory", headers=ada | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert int(again.headers["Guildhall-Offset"]) >= int(first.headers["Guildhall-Offset"])
    buy(api, ada, item="wooden_sword")
    assert api.client.get("/inventory", headers=ada | {"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_purchase_of_somebody_who_has_seen_something_else(api: Api) -> None:
    ada = api.register()
    seen = api.client.get("/inventory", headers=ada).headers["ETag"]
    assert buy(api, ada, {"If-Match": seen}, item="wooden_sword").status_code == 202
    assert code(buy(api, ada, {"If-Match": seen}, item="wooden_sword")) == "state_changed"
    assert buy(api, ada, {"If-Match": "*"}, item="wooden_sword").status_code == 202
    answer = buy(api, ada, item="wooden_sword", expected_price=9)
    assert (answer.status_code, code(answer)) == (412, "price_changed")


def test_a_catalogue_that_has_not_changed_is_not_sent_again(api: Api) -> None:
    first = api.client.get("/shop")
    assert api.client.get("/shop", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert first.json["swords"] == catalogue.SWORDS
    in_realm = api.client.get("/shop?realm=0").json["items"]
    assert {i["item"]: i["left"] for i in in_realm if i["edition"]} == {"moon_sword": 3, "star_shield": 5}
    assert code(api.client.get("/shop?realm=9")) == "unknown_realm"


BATCH = [{"action": "buy_sword", "sword": "iron_sword"}, {"action": "claim_gold"}, {"action": "sell", "item": "x_"}]


def test_a_batch_is_one_event_or_none(api: Api) -> None:
    ada = api.register()
    assert code(api.client.post("/batches", json={"actions": BATCH}, headers=ada)) == "unknown_item"
    answer = api.client.post("/batches", json={"actions": BATCH[:2]}, headers=ada)
    assert (answer.status_code, answer.json["type"]) == (202, "actions_batched")
    assert answer.json["details"] == {"actions": 2, "sword_bought": 1, "gold_claimed": 1}
    assert api.client.get("/inventory", headers=ada).json["accounts"]["gold"]["settled"] == 95


def test_a_list_of_actions_has_a_result_for_each_and_happens_once(api: Api) -> None:
    ada = api.register() | {"Idempotency-Key": "list"}
    body = {"atomic": False, "actions": BATCH}
    first = api.client.post("/batches", json=body, headers=ada)
    assert [result["status"] for result in first.json["results"]] == [202, 202, 409]
    assert first.json["results"][2]["body"]["type"] == "/problems/unknown_item"
    again = api.client.post("/batches", json=body, headers=ada)
    ids = [[result["body"].get("id") for result in answer.json["results"]] for answer in (first, again)]
    assert ids[0] == ids[1]
    assert len(api.log.events) == 4  # a fence, a registration and the two


def test_a_batch_of_fifty(api: Api) -> None:
    ada = api.register()
    many = [{"action": "buy", "item": "wooden_sword"}] * 5 + [{"action": "sell", "item": "wooden_sword"}] * 45
    assert code(api.client.post("/batches", json={"actions": many}, headers=ada)) == "not_enough_items"
    assert code(api.client.post("/batches", json={"actions": [*many, many[0]]}, headers=ada)) == "invalid"
    gifts = [{"action": "buy", "item": "wooden_sword"}] * 10
    assert api.client.post("/batches", json={"actions": gifts}, headers=ada).status_code == 202


def test_a_history_is_read_page_by_page(api: Api) -> None:
    ada = api.register()
    for _ in range(4):
        buy(api, ada, item="small_potion")
    first = api.client.get("/history?limit=3", headers=ada).json
    second = api.client.get(f"/history?limit=3&before={first['next']}", headers=ada).json
    offsets = [event["offset"] for event in first["events"] + second["events"]]
    assert offsets == sorted(offsets, reverse=True)
    assert (len(offsets), second["next"]) == (5, None)
    assert first["events"][0]["details"]["item"] == "small_potion"


def test_a_look_is_told_once_a_minute(api: Api) -> None:
    ada = api.register()
    for path in ("/inventory", "/inventory", "/shop", "/shop"):
        assert api.client.get(path, headers=ada).status_code == 200
    assert api.client.post("/tokens", headers=ada).status_code == 200

    def looks() -> list[str]:
        return sorted(event.type for event in api.log.events if not event.transfers and event.type != "fence")

    eventually(lambda: len(looks()) >= 3)
    assert looks() == ["inventory_viewed", "shop_viewed", "signed_in"]
    assert {event.player for event in api.log.events if event.type == "shop_viewed"} == {"ada"}


def test_who_has_left_is_gone(api: Api) -> None:
    ada = api.register()
    assert api.client.delete("/players/me", headers=ada).json["type"] == "player_left"
    assert code(api.client.get("/inventory", headers=ada)) == "not_found"
    assert code(api.client.post("/claim_gold", headers=ada)) == "departed"
    assert code(buy(api, ada, item="wooden_sword")) == "not_enough_gold"
    assert code(api.client.post("/players", json={"realm": 0, "name": "ada"})) == "name_taken"


def test_the_page_for_a_browser_and_json_for_a_program(api: Api) -> None:
    browser = api.client.get("/", headers={"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"})
    assert browser.mimetype == "text/html"
    browser.close()
    program = api.client.get("/", headers={"Accept": "*/*"})
    assert (program.mimetype, program.json["start"]) == ("application/json", "POST /players")
    assert {browser.headers["Vary"], program.headers["Vary"]} == {"Accept"}


OPERATOR = {"Guildhall-Operator": "operator-secret"}


@pytest.fixture
def limited(empty_redis: RedisServer) -> Api:
    return Api(
        empty_redis,
        limit_player="3 per minute",
        limit_address="10 per minute",
        operator_key=SecretStr(OPERATOR["Guildhall-Operator"]),
    )


def test_a_player_who_asks_too_often_waits_and_others_do_not(limited: Api) -> None:
    tokens = [limited.register(f"player_{i}") for i in range(2)]
    answers = [limited.client.get("/quests", headers=tokens[0]) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert code(answers[3]) == "too_many_requests"
    assert answers[0].headers["RateLimit-Limit"] == "3"
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert 0 < int(answers[3].headers["Retry-After"]) <= 61
    assert "Retry-After" not in answers[0].headers
    assert limited.client.get("/quests", headers=tokens[1]).status_code == 200


def test_an_address_has_a_limit_and_an_operator_none(limited: Api) -> None:
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


def test_counters_that_do_not_answer_stop_nobody(empty_redis: RedisServer) -> None:
    unlimited = Api(empty_redis, limiter_password=SecretStr("wrong"), limit_player="1 per minute")
    token = unlimited.register()
    assert [unlimited.client.get("/quests", headers=token).status_code for _ in range(3)] == [200] * 3


def test_counters_that_fail_in_between_do_not_change_an_answer(limited: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The headers of an answer ask the counters once more: that once turned an accepted action into a 500."""

    def fail(*_: object) -> float:
        raise redis.TimeoutError("told to")

    monkeypatch.setattr(RequestLimit, "reset_at", property(fail))
    token = limited.register()
    answer = buy(limited, token, item="wooden_sword")
    assert (answer.status_code, answer.headers.get("RateLimit-Limit")) == (202, None)


def test_without_an_operator_key_nobody_is_an_operator(api: Api) -> None:
    answers = [api.client.get("/healthz", headers={"Guildhall-Operator": ""})]
    answers += [api.client.get("/shop", headers={"Guildhall-Operator": ""}) for _ in range(121)]
    assert answers[-1].status_code == 429


def test_one_token_is_of_one_realm(api: Api) -> None:
    """Whatever is asked with it is asked of that realm: no parameter names another player or realm to act for."""
    ada = api.register()
    for field in ("player", "realm", "from"):
        assert code(buy(api, ada, item="wooden_sword", **{field: "bob"})) == "invalid"


def test_an_event_of_somebody_else_is_unknown(api: Api) -> None:
    ada, bob = api.register(), api.register("bob")
    event = buy(api, ada, item="wooden_sword").json["id"]
    assert api.client.get(f"/events/{event}", headers=ada).json["status"] == "settled"
    assert code(api.client.get(f"/events/{event}", headers=bob)) == "unknown_event"
    assert code(api.client.get(f"/events/{uuid.uuid4()}", headers=ada)) == "unknown_event"
