"""Test the client that users copy, against a real HTTP server that sends scripted responses."""

import inspect
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from flask import Flask, Response, request

from game.commands import COMMANDS, Command
from load import guildhall_client
from load.guildhall_client import Guildhall, OutcomeUnknown, RequestRejected
from load.workload.operations import ROUTES
from tests.support.http_server import serving

TRADE = "3b241101-e2bb-4255-8caf-4136c566a962"

SIGNED_IN = {"token": "t", "realm": 2, "player": "ada", "id": TRADE}


@dataclass
class Asked:
    """A request as the server received it."""

    method: str
    path: str
    query: dict[str, str]
    body: object
    headers: dict[str, str]


@dataclass
class Script:
    """The responses that the server sends, and the requests that it has received.

    After the last response, the server repeats that response. The response ``hang up`` closes the connection instead.
    """

    answers: list[Any] = field(default_factory=lambda: [(200, {}, {})])
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def answer(self) -> Response:
        body = json.loads(request.data) if request.data else None
        self.asked.append(Asked(request.method, request.path, request.args.to_dict(), body, dict(request.headers)))
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if now == "hang up":
            request.environ["werkzeug.socket"].shutdown(2)
            return Response()
        if isinstance(now, str):
            return Response(now, mimetype="text/event-stream")
        status, sent, headers = now
        return Response(json.dumps(sent) if status != 304 else b"", status, headers)

    @property
    def keys(self) -> list[str | None]:
        return [asked.headers.get("Idempotency-Key") for asked in self.asked]


def problem(status: int, code: str, retry_after: int | None = None, **members: object) -> tuple[int, dict, dict]:
    body = {"type": f"/problems/{code}", "title": "t", "status": status, "detail": "why", **members}
    return status, body, {} if retry_after is None else {"Retry-After": str(retry_after)}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    script = Script()
    app = Flask(__name__)
    methods = ["GET", "POST", "PUT", "DELETE"]
    app.add_url_rule("/<path:path>", "any", lambda path: script.answer(), methods=methods)  # noqa: ARG005
    # Shorten the client's pauses to save time. The fixture pauses() checks the pauses that Retry-After asks for.
    monkeypatch.setattr(guildhall_client, "MAX_PAUSE_SECONDS", 0.01)
    with serving(app) as url:
        script.url = url
        yield script


@pytest.fixture
def ada(script: Script) -> Iterator[Guildhall]:
    with Guildhall(script.url + "/", "token") as ada:
        yield ada


def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the pauses that the client would make. The client does not actually pause."""
    seconds: list[float] = []
    monkeypatch.setattr(guildhall_client, "MAX_PAUSE_SECONDS", 10.0)
    monkeypatch.setattr(guildhall_client.time, "sleep", seconds.append)
    return seconds


CALLS: list[tuple[Callable[[Guildhall], object], str, str, dict[str, str], object]] = [
    (lambda g: g.register(2, "ada"), "POST", "/players", {}, {"realm": 2, "name": "ada"}),
    (lambda g: g.register(2), "POST", "/players", {}, {"realm": 2}),
    (lambda g: g.renew_token(), "POST", "/tokens", {}, None),
    (lambda g: g.depart(), "DELETE", "/players/me", {}, None),
    (lambda g: g.buy("oak_shield", 2), "POST", "/purchases", {}, {"item": "oak_shield", "quantity": 2}),
    (
        lambda g: g.buy_sword("iron_sword", 30),
        "POST",
        "/buy_sword",
        {},
        {"sword": "iron_sword", "expected_price": 30},
    ),
    (lambda g: g.sell("oak_shield"), "POST", "/sales", {}, {"item": "oak_shield", "quantity": 1}),
    (lambda g: g.enchant_sword("iron_sword"), "POST", "/enchant_sword", {}, {"sword": "iron_sword"}),
    (lambda g: g.claim_gold(), "POST", "/claim_gold", {}, None),
    (lambda g: g.claim_reward("champion"), "POST", "/quests", {}, {"quest": "champion"}),
    (lambda g: g.strike("bob"), "POST", "/strikes", {}, {"target": "bob"}),
    (lambda g: g.strike("bob", "iron_sword"), "POST", "/strikes", {}, {"target": "bob", "sword": "iron_sword"}),
    (lambda g: g.drink("small_potion"), "POST", "/potions", {}, {"potion": "small_potion"}),
    (lambda g: g.revive(), "POST", "/revivals", {}, None),
    (lambda g: g.give("bob", gold=5), "POST", "/gifts", {}, {"to": "bob", "gold": 5}),
    (
        lambda g: g.give("bob", item="oak_shield", quantity=2),
        "POST",
        "/gifts",
        {},
        {"to": "bob", "item": "oak_shield", "quantity": 2},
    ),
    (
        lambda g: g.offer_trade("bob", {"item": "iron_sword"}, {"gold": 25}),
        "POST",
        "/trades",
        {},
        {"to": "bob", "give": {"item": "iron_sword"}, "want": {"gold": 25}},
    ),
    (lambda g: g.accept_trade(TRADE), "POST", f"/trades/{TRADE}/acceptance", {}, None),
    (lambda g: g.decline_trade(TRADE), "DELETE", f"/trades/{TRADE}", {}, None),
    (lambda g: g.found_guild("knights"), "POST", "/guilds", {}, {"guild": "knights"}),
    (lambda g: g.enter_guild("knights"), "POST", "/guilds/knights/members", {}, None),
    (lambda g: g.join_guild("knights"), "POST", "/join_guild", {}, {"guild": "knights"}),
    (lambda g: g.leave_guild(), "DELETE", "/guild", {}, None),
    (lambda g: g.leave_guild("bob"), "DELETE", "/guild", {"successor": "bob"}, None),
    (lambda g: g.lead_guild("bob"), "PUT", "/guild/leader", {}, {"player": "bob"}),
    (lambda g: g.deposit(10), "POST", "/guild/deposits", {}, {"gold": 10}),
    (lambda g: g.pay_out("bob", 10), "POST", "/guild/payouts", {}, {"to": "bob", "gold": 10}),
    (
        lambda g: g.batch([{"action": "claim_gold"}], atomic=False),
        "POST",
        "/batches",
        {},
        {"actions": [{"action": "claim_gold"}], "atomic": False},
    ),
    (lambda g: g.inventory(), "GET", "/inventory", {}, None),
    (lambda g: g.shop(), "GET", "/shop", {}, None),
    (lambda g: g.players(), "GET", "/players", {"limit": "20", "offset": "0"}, None),
    (lambda g: g.player_named("bob/../.."), "GET", "/players/bob/../..", {}, None),
    (lambda g: g.trades(), "GET", "/trades", {}, None),
    (lambda g: g.quests(), "GET", "/quests", {}, None),
    (lambda g: g.guilds(5, 10), "GET", "/guilds", {"limit": "5", "offset": "10"}, None),
    (lambda g: g.guild("knights"), "GET", "/guilds/knights", {}, None),
    (lambda g: g.leaderboard("gold"), "GET", "/leaderboards/gold", {"limit": "10"}, None),
    (lambda g: g.event(TRADE), "GET", f"/events/{TRADE}", {}, None),
    (lambda g: g.status(), "GET", "/status", {}, None),
]


@pytest.mark.parametrize(("call", "method", "path", "query", "body"), CALLS)
def test_method_sends_one_request(script: Script, ada: Guildhall, call, method, path, query, body) -> None:
    script.answers = [(202, SIGNED_IN, {})]
    assert call(ada) == SIGNED_IN
    (asked,) = script.asked
    assert (asked.method, asked.path, asked.query, asked.body) == (method, path, query, body)
    assert asked.headers["Authorization"] == "Bearer token"
    is_change = method != "GET" and path != "/tokens"
    assert ("Idempotency-Key" in asked.headers) == is_change
    if is_change:
        assert uuid.UUID(asked.headers["Idempotency-Key"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_client_has_a_method_for_every_command(command: type[Command], monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is one file without imports of this project, so that this test compares it with the catalogue."""
    sent: list[tuple[str, str, Any, Any]] = []

    def change(_: Guildhall, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        sent.append((method, path, body or {}, options.get("params", {})))
        return {}

    monkeypatch.setattr(Guildhall, "change", change)
    method = getattr(Guildhall("http://unused"), command.name)
    assert inspect.signature(method).parameters.keys() - {"if_unchanged"} == command.model_fields.keys()
    method(**command.example)
    path, body, query = ROUTES[command.name].address(command.example)
    assert [call[:2] for call in sent] == [(command.route.method, path)]
    # The client may spell out a default, such as the quantity.
    assert body.items() <= sent[0][2].items()
    assert sent[0][2].keys() <= command.model_fields.keys() - command.route.path_fields
    assert sent[0][3] == query


def test_registration_keeps_the_token(script: Script) -> None:
    script.answers = [(202, SIGNED_IN, {}), (202, SIGNED_IN | {"token": "u"}, {}), (200, {}, {})]
    with Guildhall(script.url) as ada:
        ada.register(2, "ada")
        assert (ada.token, ada.realm, ada.name) == ("t", 2, "ada")
        ada.renew_token()
        ada.shop()
    assert [asked.headers.get("Authorization") for asked in script.asked] == [None, "Bearer t", "Bearer u"]
    assert script.asked[-1].query == {"realm": "2"}


def test_options_become_headers(script: Script) -> None:
    with Guildhall(script.url, "token", wait=5, operator_key="secret") as ada:
        ada.claim_gold()
        ada.quests()
    change, read = script.asked
    assert (change.headers["Prefer"], change.headers["Guildhall-Operator"]) == ("wait=5", "secret")
    assert "Prefer" not in read.headers
    assert read.headers["Guildhall-Operator"] == "secret"


def test_problem_is_raised_with_its_members(script: Script, ada: Guildhall) -> None:
    script.answers = [problem(409, "not_enough_gold", account="player:ada:gold", available=40, needed=60)]
    with pytest.raises(RequestRejected) as refused:
        ada.buy_sword("steel_sword")
    assert (refused.value.status, refused.value.code, refused.value.detail) == (409, "not_enough_gold", "why")
    assert refused.value.members == {"account": "player:ada:gold", "available": 40, "needed": 60}
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    "bad",
    [
        "hang up",
        problem(503, "unavailable", 2),
        problem(503, "unknown_outcome", 2),
        problem(429, "too_many_requests", 2),
        problem(409, "idempotency_key_in_use", 2),
        (503, {}, {"Retry-After": "2"}),
    ],
    ids=str,
)
def test_change_is_retried_with_the_same_key(
    script: Script, ada: Guildhall, monkeypatch: pytest.MonkeyPatch, bad: object
) -> None:
    script.answers = [bad, bad, (202, {"id": "x"}, {})]
    taken = pauses(monkeypatch)
    assert ada.claim_gold() == {"id": "x"}
    assert len(set(script.keys)) == 1
    assert len(script.asked) == 3
    assert taken == [pytest.approx(0.2 if bad == "hang up" else 2, abs=0.4)] * 2
    ada.claim_gold()
    assert len(set(script.keys)) == 2


def test_retries_are_bounded(script: Script) -> None:
    script.answers = [problem(503, "unavailable")]
    with Guildhall(script.url, tries=3) as ada, pytest.raises(RequestRejected, match="unavailable"):
        ada.claim_gold()
    assert len(script.asked) == 3


@pytest.mark.parametrize(
    "open_end", ["hang up", problem(503, "unknown_outcome"), problem(409, "idempotency_key_in_use")]
)
def test_unknown_outcome_can_be_retried_with_its_key(script: Script, open_end: object) -> None:
    script.answers = [open_end, problem(503, "unavailable")]
    with Guildhall(script.url, tries=2) as ada:
        with pytest.raises(OutcomeUnknown) as unknown:
            ada.claim_gold()
        script.answers = [(202, {"id": "x"}, {})]
        assert ada.change("POST", "/claim_gold", key=unknown.value.key) == {"id": "x"}
    assert script.keys == [unknown.value.key] * 3


def test_refusal_after_lost_response_is_a_refusal(script: Script, ada: Guildhall) -> None:
    script.answers = ["hang up", problem(409, "already_claimed")]
    with pytest.raises(RequestRejected, match="already_claimed"):
        ada.claim_gold()


def test_reads_are_retried(script: Script) -> None:
    script.answers = ["hang up", problem(503, "recovering"), (200, {"quests": []}, {}), "hang up"]
    with Guildhall(script.url, tries=3) as ada:
        assert ada.quests() == {"quests": []}
        with pytest.raises(requests.ConnectionError):
            ada.quests()


def test_request_is_sent_once(script: Script, ada: Guildhall) -> None:
    script.answers = [problem(503, "unavailable")]
    assert ada.request("POST", "/claim_gold", headers={"Idempotency-Key": "k"}).status_code == 503
    script.answers = ["hang up"]
    with pytest.raises(requests.ConnectionError):
        ada.request("POST", "/claim_gold")
    assert script.keys == ["k", None]


def test_unchanged_inventory_is_taken_from_the_cache(script: Script, ada: Guildhall) -> None:
    offset, etag = {"Guildhall-Offset": "7", "ETag": '"7-1"'}, {"ETag": '"8-1"'}
    script.answers = [
        (200, {"player": "ada"}, offset),
        (304, {}, offset | {"Guildhall-Offset": "9"}),
        (200, {"player": "eve"}, etag),
        (202, {}, {}),
    ]
    assert ada.inventory() == {"player": "ada", "offset": 7}
    assert ada.inventory() == {"player": "ada", "offset": 9}
    assert ada.inventory() == {"player": "eve"}
    ada.buy("oak_shield", if_unchanged=True)
    ada.buy("oak_shield")
    headers = [(asked.headers.get("If-None-Match"), asked.headers.get("If-Match")) for asked in script.asked]
    assert headers == [(None, None), ('"7-1"', None), ('"7-1"', None), (None, '"8-1"'), (None, None)]


def test_history_reads_all_pages(script: Script, ada: Guildhall) -> None:
    script.answers = [
        (200, {"events": [{"offset": 9}, {"offset": 7}], "next": 7}, {}),
        (200, {"events": [], "next": None}, {}),
    ]
    assert [event["offset"] for event in ada.history(limit=2)] == [9, 7]
    assert [asked.query for asked in script.asked] == [{"limit": "2"}, {"limit": "2", "before": "7"}]


def sent(*offsets: int) -> str:
    """Return server-sent events with these offsets. Each has a comment before it and its data in two lines."""
    return "".join(
        f': alive\n\nid: {n}\r\nevent: settled\r\ndata: {{"offset": {n},\r\ndata: "player": "\u00e4\u2028"}}\r\n\r\n'
        for n in offsets
    )


def test_broken_stream_is_resumed(script: Script, ada: Guildhall) -> None:
    script.answers = [sent(3, 5) + 'id: 6\ndata: {"offs', "hang up", problem(503, "unavailable"), sent(6)]
    stream = ada.stream(after=2)
    events = [next(stream) for _ in range(3)]
    stream.close()
    assert events == [{"offset": n, "player": "\u00e4\u2028"} for n in (3, 5, 6)]
    assert [asked.headers["Last-Event-Id"] for asked in script.asked] == ["2", "5", "5", "5"]
    assert script.asked[0].headers["Accept"] == "text/event-stream"


def test_stream_without_events_resumes_at_its_id(script: Script, ada: Guildhall) -> None:
    script.answers = ["retry: 1000\nid: 41\n: open\n\n", sent(42)]
    stream = ada.stream()
    assert next(stream)["offset"] == 42
    stream.close()
    assert [asked.headers.get("Last-Event-Id") for asked in script.asked] == [None, "41"]


def test_stream_gives_up(script: Script, ada: Guildhall) -> None:
    script.answers = [problem(401, "unauthorized")]
    with pytest.raises(RequestRejected, match="unauthorized"):
        next(ada.stream())
    script.answers = ["hang up"]
    with pytest.raises(requests.ConnectionError):
        next(ada.stream())
    assert len(script.asked) == 1 + guildhall_client.MAX_TRIES


def test_wait_until_settled_follows_the_status(script: Script, ada: Guildhall) -> None:
    script.answers = [(200, {"status": status}, {}) for status in ("pending", "settled", "voided", "pending")]
    assert ada.wait_until_settled(TRADE) == {"status": "settled"}
    with pytest.raises(RequestRejected, match="voided"):
        ada.wait_until_settled(TRADE)
    with pytest.raises(TimeoutError):
        ada.wait_until_settled(TRADE, 0.0)
