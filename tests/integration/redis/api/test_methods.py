"""Test the behaviour that all resources of the API share."""

from http import HTTPStatus

import pytest

from tests.support.api_harness import Api
from tests.support.api_world import ApiWorld
from tests.support.redis_server import RedisServer


class TestMethods:
    """Tests of HTTP methods and parameters on several resources."""

    def test_head_is_get_without_a_body(self, world: ApiWorld) -> None:
        headers = world.headers("inventory")
        got, head = (world.client.open("/inventory", method=method, headers=headers) for method in ("GET", "HEAD"))
        assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", got.headers["ETag"])
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert world.client.head("/inventory").status_code == HTTPStatus.UNAUTHORIZED
        assert world.client.head("/stream", headers=headers).status_code == HTTPStatus.OK

    def test_options_names_the_methods(self, world: ApiWorld) -> None:
        answer = world.client.options("/trades")
        assert (answer.status_code, answer.data) == (204, b"")
        assert set(answer.allow) == {"GET", "HEAD", "OPTIONS", "POST"}
        assert "Content-Type" not in answer.headers

    @pytest.mark.parametrize("path", ["/inventory", "/status", "/quests", "/players", "/players/me"])
    def test_unknown_parameter_is_refused(self, world: ApiWorld, path: str) -> None:
        answer = world.client.get(f"{path}?limits=5", headers=world.headers("inventory"))
        assert (answer.status_code, answer.json["type"]) == (422, "/problems/invalid")
        assert answer.json["errors"][0]["pointer"] == "/limits"

    def test_page_accepts_unknown_parameters(self, world: ApiWorld) -> None:
        assert world.client.get("/?from=somewhere").status_code == HTTPStatus.OK

    def test_me_is_the_caller_and_a_reserved_name(self, world: ApiWorld) -> None:
        assert world.client.get("/players/me", headers=world.headers("profile")).json["player"] == "carol"
        answer = world.client.post("/players", json={"realm": 0, "name": "me"})
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/name_reserved")

    def test_whole_number_may_be_written_as_float(self, world: ApiWorld) -> None:
        world.prepare("deposit")
        answer = world.client.post("/guild/deposits", json={"gold": 10.0}, headers=world.headers("deposit"))
        assert (answer.status_code, answer.json["details"]["gold"]) == (202, 10)

    def test_stream_with_invalid_last_event_id_is_422(self, world: ApiWorld) -> None:
        headers = world.headers("stream") | {"Last-Event-ID": "yesterday"}
        assert world.client.get("/stream", headers=headers).status_code == HTTPStatus.UNPROCESSABLE_ENTITY

    def test_too_many_requests_are_explained(self, empty_redis: RedisServer) -> None:
        few = Api(empty_redis, limit_player="2 per 10 seconds")
        answers = [few.client.get("/quests", headers={}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert answers[-1].json["detail"] == "more than 2 requests in 10 seconds: wait for Retry-After"
        assert int(answers[-1].headers["Retry-After"]) in range(12)
