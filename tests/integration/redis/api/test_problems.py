"""Test wrong requests and the problem details in their responses."""

import re
from pathlib import Path
from typing import Any

import pytest

from api.problems.types import KINDS
from infra.paths import ROOT
from tests.support.api_harness import Api

Headers = dict[str, str]


def buy(api: Api, token: Headers, headers: Headers | None = None, **body: Any) -> Any:
    return api.client.post("/purchases", json=body, headers=token | (headers or {}))


def code(answer: Any) -> str:
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    return str(answer.json["type"]).removeprefix("/problems/")


def sources(*folders: str) -> str:
    return "\n".join(path.read_text() for folder in folders for path in Path(ROOT, folder).rglob("*.py"))


def test_every_problem_has_a_type_and_a_page(api: Api) -> None:
    text = sources("game", "api")
    raised = set(re.findall(r'(?:RuleViolation|Problem|unavailable)\(\s*f?"([a-z_]+)"', text))
    raised |= {name for name, _ in re.findall(r'": \("([a-z_]+)", "(.)', text)}
    # Add the names that the search misses, because the code builds them from the item's kind.
    raised |= {"unknown_sword", "unknown_potion", "unknown_item"}
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
def test_wrong_request_is_a_problem(
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


def test_wrong_method_names_the_allowed_ones(api: Api) -> None:
    answer = api.client.put("/guild", headers=api.register())
    assert code(answer) == "method_not_allowed"
    assert set(answer.headers["Allow"].split(", ")) == {"DELETE", "OPTIONS"}


def test_unauthorized_request_is_not_validated(api: Api) -> None:
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
def test_player_name_is_validated(api: Api, name: str, status: int) -> None:
    assert api.client.post("/players", json={"realm": 0, "name": name}).status_code == status


def test_shortfall_names_the_account(api: Api) -> None:
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
