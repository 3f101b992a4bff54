"""Wait until an event is settled, if the request has the header ``Prefer: wait=N`` (RFC 7240)."""

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

import redis
from werkzeug.http import parse_dict_header

from state.ledger import Ledger
from state.results import EventStatus

MAX_WAIT_SECONDS = 30  # settling usually takes a second, and a waiting request occupies a thread of the server
# Requests that may wait in one process. They occupy a quarter of its threads; the other threads serve other requests.
MAX_WAITING = 16
POLL_SECONDS = 0.02  # settling takes at least 0.1 s, so more frequent polls would only load Redis


def preferred_wait(header: str | None) -> int | None:
    """Return how many seconds the header ``Prefer`` asks to wait, at most ``MAX_WAIT_SECONDS``.

    Returns None if the header does not ask to wait. A value that is not a whole number is ignored, because RFC 7240
    requires a server to ignore preferences that it does not understand.
    """
    value = parse_dict_header(header or "").get("wait") or ""
    seconds = value.partition(";")[0].strip()
    return min(int(seconds), MAX_WAIT_SECONDS) if seconds.isascii() and seconds.isdigit() else None


class TooManyWaiting(Exception):
    """Raised when too many requests are waiting already, so that this request must get its response at once."""


@dataclass(frozen=True)
class _Waiter:
    realm: int
    event_id: str
    future: Future[EventStatus] = field(default_factory=Future)


class SettlementWaiter:
    """Polls the status of events on behalf of all waiting requests of one process.

    One round trip to Redis asks for the events of all these requests.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._condition = threading.Condition()
        self._waiters: list[_Waiter] = []
        self._started = False

    def wait(self, realm: int, event_id: str, seconds: float) -> EventStatus | None:
        """Return the final status of the event as soon as it has one, or None if it has none after ``seconds``.

        Raises TooManyWaiting if ``MAX_WAITING`` requests are waiting already.
        """
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
                statuses = [None] * len(waiting)  # poll again, because Redis may come back in time
            for waiter, status in zip(waiting, statuses, strict=True):
                if status and status.status != "pending":
                    waiter.future.set_result(status)
            time.sleep(POLL_SECONDS)
