"""Test the metrics about requests."""

import pytest

from infra.metrics import Server
from tests.support.api_harness import Api
from tests.support.metrics import Broken, declared, grown, scraped, types
from tests.support.redis_server import RedisServer


def test_api_serves_the_declared_metrics(api: Api) -> None:
    answer = api.client.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=")
    assert types(answer.text) == declared(Server.API)
    assert api.client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}).text.endswith(
        "# EOF\n"
    )


def test_requests_and_refusals_are_counted(api: Api) -> None:
    token = api.register()
    before = scraped(api)
    api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token)
    api.client.post("/buy_sword", json={"sword": "dragon_sword"}, headers=token)
    api.client.get("/events/3b241101-e2bb-4255-8caf-4136c566a962", headers=token)
    api.client.get("/no/such/route")
    api.client.open("/inventory", method="BREW")
    assert grown(before, scraped(api)) == {
        "guildhall_requests_total,method=POST,route=/buy_sword,status=202": 1,
        "guildhall_requests_total,method=POST,route=/buy_sword,status=409": 1,
        "guildhall_requests_total,method=GET,route=/events/<event_id>,status=404": 1,
        "guildhall_requests_total,method=GET,route=unmatched,status=404": 1,
        "guildhall_requests_total,method=other,route=unmatched,status=405": 1,
        "guildhall_requests_total,method=GET,route=/metrics,status=200": 1,
        "guildhall_request_seconds_count,method=POST,route=/buy_sword": 2,
        "guildhall_request_seconds_count,method=GET,route=/events/<event_id>": 1,
        "guildhall_request_seconds_count,method=GET,route=unmatched": 1,
        "guildhall_request_seconds_count,method=other,route=unmatched": 1,
        "guildhall_request_seconds_count,method=GET,route=/metrics": 1,
        "guildhall_refusals_total,reason=not_enough_gold": 1,
        "guildhall_refusals_total,reason=unknown_event": 1,
        "guildhall_refusals_total,reason=not_found": 1,
        "guildhall_refusals_total,reason=method_not_allowed": 1,
        "guildhall_commits_total,outcome=accepted": 1,
        "guildhall_commits_total,outcome=insufficient_balance": 1,
        "guildhall_holds_taken_total": 1,
        "guildhall_append_seconds_count": 1,
        "guildhall_commit_batch_requests_count,step=hold": 2,
        "guildhall_commit_batch_requests_count,step=confirm": 1,
    }


def test_failed_appends_and_open_holds_are_counted(api: Api, empty_redis: RedisServer) -> None:
    token = api.register()
    before = scraped(api)
    for api.log.outcome in ("refuse", "unknown"):
        assert api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token).status_code == 503
    found = grown(before, scraped(api))
    assert found["guildhall_appends_failed_total,outcome=refused"] == 1
    assert found["guildhall_appends_failed_total,outcome=unknown"] == 1
    assert found["guildhall_commits_total,outcome=not_accepted"] == 1
    assert found["guildhall_commits_total,outcome=unknown"] == 1
    assert found["guildhall_refusals_total,reason=unavailable"] == 1
    assert found["guildhall_refusals_total,reason=unknown_outcome"] == 1
    assert found["guildhall_holds_open,realm=0"] == 1
    # Make the hold overdue, so that the request which takes the next hold finds it expired.
    (hold,) = empty_redis.connection("admin").hkeys("realm:{0}:holds")
    empty_redis.connection("admin").zadd("realm:{0}:deadlines", {hold: 1})
    api.log.outcome = "append"
    api.client.post("/buy_sword", json={"sword": "wooden_sword"}, headers=token)
    found = grown(before, scraped(api))
    assert found["guildhall_voids_appended_total"] == 1
    assert "guildhall_holds_open,realm=0" not in found


def test_metrics_are_served_without_redis(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.ledger, "overview", Broken().overview)
    found = scraped(api)
    assert found["guildhall_source_up,source=redis"] == 0
    assert not any(name.startswith("guildhall_holds_open") for name in found)
    assert "guildhall_holds_taken_total" in found
