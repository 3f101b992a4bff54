"""Test histories, view events and the permission to read."""

import uuid
from typing import Any

from tests.support.api_harness import Api
from tests.support.waiting import eventually

Headers = dict[str, str]


def buy(api: Api, token: Headers, headers: Headers | None = None, **body: Any) -> Any:
    return api.client.post("/purchases", json=body, headers=token | (headers or {}))


def code(answer: Any) -> str:
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    return str(answer.json["type"]).removeprefix("/problems/")


def test_history_is_read_page_by_page(api: Api) -> None:
    ada = api.register()
    for _ in range(4):
        buy(api, ada, item="small_potion")
    first = api.client.get("/history?limit=3", headers=ada).json
    second = api.client.get(f"/history?limit=3&before={first['next']}", headers=ada).json
    offsets = [event["offset"] for event in first["events"] + second["events"]]
    assert offsets == sorted(offsets, reverse=True)
    assert (len(offsets), second["next"]) == (5, None)
    assert first["events"][0]["details"]["item"] == "small_potion"


def test_view_is_recorded_once_a_minute(api: Api) -> None:
    ada = api.register()
    for path in ("/inventory", "/inventory", "/shop", "/shop"):
        assert api.client.get(path, headers=ada).status_code == 200
    assert api.client.post("/tokens", headers=ada).status_code == 200

    def looks() -> list[str]:
        return sorted(event.type for event in api.log.events if not event.transfers and event.type != "fence")

    eventually(lambda: len(looks()) >= 3)
    assert looks() == ["inventory_viewed", "shop_viewed", "signed_in"]
    assert {event.player for event in api.log.events if event.type == "shop_viewed"} == {"ada"}


def test_player_who_left_cannot_act(api: Api) -> None:
    ada = api.register()
    assert api.client.delete("/players/me", headers=ada).json["type"] == "player_left"
    assert code(api.client.get("/inventory", headers=ada)) == "not_found"
    assert code(api.client.post("/claim_gold", headers=ada)) == "departed"
    assert code(buy(api, ada, item="wooden_sword")) == "not_enough_gold"
    assert code(api.client.post("/players", json={"realm": 0, "name": "ada"})) == "name_taken"


def test_root_is_a_page_for_browsers_and_json_else(api: Api) -> None:
    browser = api.client.get("/", headers={"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"})
    assert browser.mimetype == "text/html"
    browser.close()
    program = api.client.get("/", headers={"Accept": "*/*"})
    assert (program.mimetype, program.json["start"]) == ("application/json", "POST /players")
    assert {browser.headers["Vary"], program.headers["Vary"]} == {"Accept"}


def test_token_cannot_act_in_another_realm(api: Api) -> None:
    """The token alone decides the player and the realm, so no parameter may name another player or realm."""
    ada = api.register()
    for field in ("player", "realm", "from"):
        assert code(buy(api, ada, item="wooden_sword", **{field: "bob"})) == "invalid"


def test_event_of_another_player_is_unknown(api: Api) -> None:
    ada, bob = api.register(), api.register("bob")
    event = buy(api, ada, item="wooden_sword").json["id"]
    assert api.client.get(f"/events/{event}", headers=ada).json["status"] == "settled"
    assert code(api.client.get(f"/events/{event}", headers=bob)) == "unknown_event"
    assert code(api.client.get(f"/events/{uuid.uuid4()}", headers=ada)) == "unknown_event"
