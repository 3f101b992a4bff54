"""Test entity tags and preconditions."""

from typing import Any

from game import catalogue
from tests.support.api_harness import Api

Headers = dict[str, str]


def buy(api: Api, token: Headers, headers: Headers | None = None, **body: Any) -> Any:
    return api.client.post("/purchases", json=body, headers=token | (headers or {}))


def code(answer: Any) -> str:
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    return str(answer.json["type"]).removeprefix("/problems/")


def test_unchanged_inventory_is_304(api: Api) -> None:
    ada, _bob = api.register(), api.register("bob")
    first = api.client.get("/inventory", headers=ada)
    again = api.client.get("/inventory", headers=ada | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert int(again.headers["Guildhall-Offset"]) >= int(first.headers["Guildhall-Offset"])
    buy(api, ada, item="wooden_sword")
    assert api.client.get("/inventory", headers=ada | {"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_purchase_with_outdated_etag_is_412(api: Api) -> None:
    ada = api.register()
    seen = api.client.get("/inventory", headers=ada).headers["ETag"]
    assert buy(api, ada, {"If-Match": seen}, item="wooden_sword").status_code == 202
    assert code(buy(api, ada, {"If-Match": seen}, item="wooden_sword")) == "state_changed"
    assert buy(api, ada, {"If-Match": "*"}, item="wooden_sword").status_code == 202
    answer = buy(api, ada, item="wooden_sword", expected_price=9)
    assert (answer.status_code, code(answer)) == (412, "price_changed")


def test_unchanged_catalogue_is_304(api: Api) -> None:
    first = api.client.get("/shop")
    assert api.client.get("/shop", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert first.json["swords"] == catalogue.SWORDS
    in_realm = api.client.get("/shop?realm=0").json["items"]
    assert {i["item"]: i["left"] for i in in_realm if i["edition"]} == {"moon_sword": 3, "star_shield": 5}
    assert code(api.client.get("/shop?realm=9")) == "unknown_realm"
