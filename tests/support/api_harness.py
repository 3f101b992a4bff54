"""Run the API in this process, with a real Redis and a log that fails on demand."""

import threading
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from pydantic import SecretStr

from api.app import create_app
from game.events import Event
from infra.kafka.event_log import NotAppended
from state.control_events import fence_event
from state.ledger import Ledger, encode_settle_record
from tests.support.clock import NOW
from tests.support.redis_server import RedisServer

#: Logs of APIs that this process has made. Redis must not be emptied while one of them can still settle an event.
OPEN_LOGS: list["ScriptedLog"] = []


def close_logs() -> None:
    """Close the logs of all earlier tests."""
    while OPEN_LOGS:
        OPEN_LOGS.pop().close()


class ScriptedLog:
    """A log for which the test chooses the outcome of an append: an offset, unknown, or certainly not appended."""

    def __init__(self, settler: Ledger) -> None:
        self.settler = settler
        self.events: list[Event] = []
        self.outcome = "append"
        self._lock = threading.Lock()  # needed because telemetry appends from another thread
        self._is_closed = False
        OPEN_LOGS.append(self)

    def close(self) -> None:
        """Refuse further appends: the telemetry thread of this log's API may still have an event in its queue."""
        with self._lock:
            self._is_closed = True

    def append(self, event: Event, done: Callable[[int | None], None]) -> None:
        if self.outcome == "refuse":
            raise NotAppended("told to")
        if self.outcome == "unknown":
            done(None)
            return
        with self._lock:
            if self._is_closed:
                raise NotAppended("the test of this log has ended")
            self.events.append(event)
            offset = len(self.events) - 1
            self.settler.settle(event.realm, [encode_settle_record(event, offset, 1_000_000)])
        done(offset)

    def ready(self) -> bool:
        return self.outcome == "append"


class Api:
    """An application of the API with its ledger, its log and a test client."""

    def __init__(self, server: RedisServer, **changed: Any) -> None:
        self.ledger = Ledger(server.connection("api"))
        self.log = ScriptedLog(Ledger(server.connection("settler")))
        token = self.log.settler.attach(0)
        self.log.append(fence_event(0, token, NOW), lambda _offset: None)
        secret = {"token_key": SecretStr("k" * 32), "limiter_password": SecretStr(server.passwords["limiter"])}
        settings = server.settings("api").model_copy(update=secret | changed)
        self.app = create_app(settings, self.ledger, self.log)
        self.client: FlaskClient = self.app.test_client()

    def register(self, name: str = "ada") -> dict[str, str]:
        answer = self.client.post("/players", json={"realm": 0, "name": name})
        assert answer.status_code == 202, answer.text
        return {"Authorization": f"Bearer {answer.json['token']}"}
