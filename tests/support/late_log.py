"""Provide a log whose events are settled late."""

from collections.abc import Callable

from game.events import Event
from state.ledger import encode_settle_record
from tests.support.api_harness import Api, ScriptedLog
from tests.support.redis_server import RedisServer


class LateLog(ScriptedLog):
    """A scripted log that can also lose acknowledgements, never respond, or settle its events only on demand."""

    waiting: list[str]

    def append(self, event: Event, done: Callable[[int | None], None]) -> None:
        if self.outcome == "lost_ack":
            self._append(event)
            self.settle_rest()
            done(None)
        elif self.outcome == "silence":
            self.unanswered = done
        elif self.outcome == "unsettled":
            done(self._append(event))
        else:
            super().append(event, done)

    def _append(self, event: Event) -> int:
        self.events.append(event)
        self.waiting = [*getattr(self, "waiting", []), encode_settle_record(event, len(self.events) - 1, 1_000_000)]
        return len(self.events) - 1

    def settle_rest(self) -> None:
        self.settler.settle(0, self.waiting)
        self.waiting = []


def late_api(server: RedisServer) -> Api:
    """Make an API whose log can settle late."""
    api = Api(server)
    log = LateLog(api.log.settler)
    log.events = api.log.events
    api.log = log
    api.app.extensions["guildhall"].commit._log = log
    return api
