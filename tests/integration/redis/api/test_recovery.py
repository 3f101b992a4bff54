"""Test requests to a realm that is recovering."""

from collections.abc import Callable

import pytest

from game.events import Event
from tests.support.api_harness import Api
from tests.support.late_log import late_api
from tests.support.redis_server import RedisServer


@pytest.fixture
def api(empty_redis: RedisServer) -> Api:
    return late_api(empty_redis)


def test_rollback_before_the_response_is_unknown(api: Api, empty_redis: RedisServer) -> None:
    """Redis loses the hold after the broker has acknowledged the event.

    The event will have no effect, so a 2xx response would be wrong.
    """
    token = api.register()
    admin = empty_redis.connection("admin")
    original = api.log.append

    def append(event: Event, done: Callable[[int | None], None]) -> None:
        admin.set("realm:{0}:run", "another server")
        api.log.settler.attach(0)
        api.log.outcome = "unsettled"
        original(event, done)

    api.log.append = append
    answer = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token)
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/unknown_outcome")
    api.log.append = original
    again = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token)
    assert (again.status_code, again.json["type"]) == (503, "/problems/recovering")


def test_wiped_redis_takes_no_holds(api: Api, empty_redis: RedisServer) -> None:
    api.register()
    empty_redis.connection("admin").flushall()
    answer = api.client.post("/players", json={"realm": 0, "name": "ada"})
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/recovering")


def test_recovering_realm_serves_no_reads(api: Api) -> None:
    """After Redis is restored from an older state, it serves no reads until it has caught up with the log."""
    token = api.register()
    api.log.settler._redis.set("realm:{0}:recovering", "a-fence")
    for path in ("/inventory", "/events/3b241101-e2bb-4255-8caf-4136c566a962"):
        answer = api.client.get(path, headers=token)
        assert (answer.status_code, answer.json["type"]) == (503, "/problems/recovering")
