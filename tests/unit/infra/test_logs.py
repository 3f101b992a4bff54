"""Logs: JSON lines with what is known, no secrets, and nobody who waits for them."""

import json
import logging
import os
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from infra import json_logging
from stack.instance import Instance
from stack.servers.log_view import readable
from tests.conftest import Player, RedisServer, eventually
from tests.support.api_harness import Api


class Log:
    """Reads what was logged, from the other end of a pipe."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._read, self._write = os.pipe()
        self.lost = 0
        self._writer = json_logging._Writer(self._write, self._lose)
        monkeypatch.setattr(json_logging._Named, "writer", self._writer)

    def _lose(self) -> None:
        self.lost += 1

    def text(self) -> str:
        """All that was logged; the end of the log."""
        self._writer.end()
        os.close(self._write)
        with os.fdopen(self._read) as lines:
            return lines.read()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    json_logging.clear_context()
    yield Log(monkeypatch)
    json_logging.clear_context()


def test_a_line_begins_with_what_every_line_has(log: Log) -> None:
    json_logging.bind_context(realm=3)
    json_logging.get_logger("test").warning("said\nso", event_id="abc")
    (line,) = log.lines()
    assert list(line) == ["time", "level", "logger", "event", "event_id", "realm"]
    assert (line["level"], line["logger"], line["event"]) == ("warning", "test", "said\nso")
    assert len(line["time"]) == len("2026-01-31T23:59:59.000Z")
    assert (line["event_id"], line["realm"]) == ("abc", 3)


def test_the_standard_librarys_loggers_say_it_in_the_same_form(log: Log) -> None:
    why = (ValueError, ValueError("why"), None)
    json_logging._Handler().emit(logging.LogRecord("lib", logging.ERROR, __file__, 1, "no %s", ("luck",), why))
    (line,) = log.lines()
    assert (line["level"], line["logger"], line["event"]) == ("error", "lib", "no luck")
    assert "ValueError: why" in line["exception"]


def test_nobody_waits_for_a_log_that_is_not_read(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_logging, "MAX_QUEUED_LINES", 500)
    monkeypatch.setattr(json_logging, "FLUSH_TIMEOUT_SECONDS", 0.1)
    begun = time.monotonic()
    for i in range(3000):
        json_logging.get_logger("test").info("x" * 200, number=i)
    assert time.monotonic() - begun < 5
    eventually(lambda: log.lost > 1000, 5)


def test_a_log_whose_reader_is_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(monkeypatch)
    os.close(log._read)
    json_logging.get_logger("test").info("into the void")
    eventually(lambda: log.lost, 5)
    json_logging.get_logger("test").info("again")
    log._writer.end()
    assert log.lost == 2
    os.close(log._write)


@pytest.mark.redis
def test_accepted_refused_unknown_and_void_are_logged_with_the_events_id(
    api: Api, log: Log, empty_redis: RedisServer
) -> None:
    token = api.register()
    bought = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token).json
    api.client.post("/buy_sword", json={"sword": "dragon_sword"}, headers=token)
    api.log.outcome = "unknown"
    unknown = api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token).json["event"]
    empty_redis.connection("admin").zadd("realm:{0}:deadlines", {unknown: 1})
    api.log.outcome = "append"
    api.client.post("/buy_sword", json={"sword": "wooden_sword"}, headers=token)
    api.client.get("/events/3b241101-e2bb-4255-8caf-4136c566a962", headers=token)
    lines = [line for line in log.lines() if line["logger"] == "api"]
    said = [(line["event"], line.get("reason"), line["request"]) for line in lines if line["event"] != "void"]
    assert said == [
        ("accepted", None, "POST /players"),
        ("accepted", None, "POST /buy_sword"),
        ("refused", "not_enough_gold", "POST /buy_sword"),
        ("unknown outcome", None, "POST /buy_sword"),
        ("refused", "unknown_outcome", "POST /buy_sword"),
        ("accepted", None, "POST /buy_sword"),
    ]
    purchase = lines[1]
    assert (purchase["event_id"], purchase["type"], purchase["offset"]) == (bought["id"], "sword_bought", 2)
    assert (purchase["realm"], purchase["player"]) == (0, "ada")
    assert purchase["milliseconds"] > 0
    assert lines[3]["event_id"] == lines[4]["event_id"] == unknown
    assert (lines[2]["realm"], lines[2]["player"]) == (0, "ada")
    (void,) = [line for line in lines if line["event"] == "void"]
    assert (void["event_id"], void["offset"]) == (unknown, 3)


@pytest.mark.redis
def test_no_secret_is_logged(api: Api, log: Log) -> None:
    key, birth = uuid.uuid4().hex, str(uuid.uuid4())
    answer = api.client.post("/players", json={"realm": 0, "name": "ada"}, headers={"Idempotency-Key": birth})
    token = {"Authorization": f"Bearer {answer.json['token']}", "Guildhall-Operator": "hush"}
    for sword in ("iron_sword", "iron_sword", "dragon_sword"):
        api.client.post("/buy_sword", json={"sword": sword}, headers=token | {"Idempotency-Key": key})
    api.client.post("/claim_gold", headers={"Authorization": "Bearer forged-token"})
    text = log.text()
    assert "accepted" in text
    assert "idempotency_key_reused" in text
    assert "unauthorized" in text
    for secret in (key, birth, answer.json["token"], "forged-token", "hush"):
        assert secret not in text


def test_lines_are_made_readable_and_others_are_left_alone() -> None:
    line = '{"time": "2026-01-31T23:59:59.000Z", "level": "info", "logger": "api", "event": "accepted", "offset": 7}'
    shown = readable(line)
    assert "accepted" in shown
    assert "offset" in shown
    assert "{" not in shown
    for other in ("26/11/25 WARN NetworkClient: no broker", "[1, 2]", '{"a": 1}', ""):
        assert readable(other) == other


@pytest.mark.stack
def test_an_accepted_event_is_found_in_the_log_by_its_id(pipeline: Instance) -> None:
    bought = Player(pipeline, 3).post("/buy_sword", sword="wooden_sword").json()
    file = pipeline.home / "logs" / "api.log"

    def line() -> dict[str, Any] | None:
        found = [text for text in file.read_text().splitlines() if bought["id"] in text]
        return json.loads(found[-1]) if found else None

    found = eventually(line)
    assert (found["event"], found["type"], found["offset"]) == ("accepted", "sword_bought", bought["offset"])
    assert (found["realm"], found["player"]) == (3, bought["player"])
