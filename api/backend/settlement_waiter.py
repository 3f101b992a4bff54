"""Wait until an event is settled, for requests with ``Prefer: wait=N`` (RFC 7240)."""

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

import redis
from werkzeug.http import parse_dict_header

from state.ledger import Ledger
from state.results import EventStatus

MAX_WAIT_SECONDS = 30  # a waiting request occupies a thread of the server, and settling takes a second
MAX_WAITING = 16  # requests of a process: a quarter of the server's threads, so that the others are served meanwhile
POLL_SECONDS = 0.02  # settling takes at least 0.1 s, so that more frequent polls would only load Redis


def preferred_wait(header: str | None) -> int | None:
    """Return the whole seconds that ``Prefer`` asks to wait, at most ``MAX_WAIT_SECONDS``; None if it does not ask.

    A value that is not a number is ignored, as RFC 7240 requires for preferences that a server does not understand.
    """
    value = parse_dict_header(header or "").get("wait") or ""
    seconds = value.partition(";")[0].strip()
    return min(int(seconds), MAX_WAIT_SECONDS) if seconds.isascii() and seconds.isdigit() else None


class TooManyWaiting(Exception):
    """Raised when no more requests may wait: the request must be responded to at once."""


@dataclass(frozen=True)
class _Waiter:
    realm: int
    event_id: str
    future: Future[EventStatus] = field(default_factory=Future)


class SettlementWaiter:
    """Polls the events of all waiting requests of one process, with one round trip for all of them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._condition = threading.Condition()
        self._waiters: list[_Waiter] = []
        self._started = False

    def wait(self, realm: int, event_id: str, seconds: float) -> EventStatus | None:
        """Return the final status of the event, None if it has none in time. Raises TooManyWaiting."""
        waiter = _Waiter(realm, event_id)
        with self._condition:
            if len(self._waiters) >= MAX_WAITING:
                raise TooManyWaiting
            self._start_thread()
            self._waiters.append(waiter)
            self._condition.notify()
        try:
            return waiter.future.result(seconds)
        except TimeoutError:
            return None
        finally:
            with self._condition:
                self._waiters.remove(waiter)

    def _start_thread(self) -> None:
        if not self._started:
            self._started = True
            threading.Thread(target=self._poll_forever, name="settlement-waiter", daemon=True).start()

    def _poll_forever(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: bool(self._waiters))
                waiting = [waiter for waiter in self._waiters if not waiter.future.done()]
            try:
                statuses = self._ledger.events([(w.realm, w.event_id) for w in waiting])
            except redis.RedisError:
                statuses = [None] * len(waiting)  # Redis may come back before the time is up
            for waiter, status in zip(waiting, statuses, strict=True):
                if status and status.status != "pending":
                    waiter.future.set_result(status)
            time.sleep(POLL_SECONDS)
