"""Shares the state of the settle query with landing, the jobs, the application's main loop and operators."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

IDLE_SECONDS = 1.0  # an idle query has caught up: a query that is behind pauses only milliseconds between two batches
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Halt:
    """The reason why a realm is not settled. ``is_over`` returns whether this reason no longer exists."""

    reason: str
    is_over: Callable[[], bool]


class Progress:
    """The state of the settle query. The query writes the state, and other threads read it. Thread-safe.

    ``publish(realm, reason)`` shows operators why a realm is halted. An empty reason means that the realm is no longer
    halted.
    """

    def __init__(
        self, realms: int, publish: Callable[[int, str], None], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._realms = realms
        self._publish = publish
        self._monotonic = monotonic
        self._caught_up = threading.Event()
        self._idle_since: float | None = None
        self._halted: dict[int, Halt] = {}

    def begin(self, halted: Mapping[int, "Halt"]) -> None:
        """Record that the query starts, and which realms it leaves out because they are halted."""
        self._halted = dict(halted)
        self._caught_up.set()
        for realm in range(self._realms):
            self._publish(realm, halted[realm].reason if realm in halted else "")

    def halt(self, realm: int, halt: "Halt") -> None:
        """Halt a realm. The other realms continue."""
        self._halted[realm] = halt
        self._publish(realm, halt.reason)

    def is_halted(self, realm: int) -> bool:
        """Return whether the query skips the realm."""
        return realm in self._halted

    def halt_cleared(self) -> bool:
        """Return whether the reason for a halt no longer exists, so that the query should be restarted.

        Raises the exceptions of the checks, such as redis.RedisError.
        """
        return any(halt.is_over() for halt in self._halted.values())

    @contextmanager
    def batch(self, *, full: bool) -> Iterator[None]:
        """Mark the time in which the query works on a batch. After a ``full`` batch, more records may be waiting."""
        self._idle_since = None
        if full:
            self._caught_up.clear()
        else:
            self._caught_up.set()
        try:
            yield
        finally:
            self._idle_since = self._monotonic()

    def wait_for_settling(self, seconds: float) -> None:
        """Wait until settling has caught up, but at most ``seconds`` seconds.

        Even a full batch may be the last one. So a query that has been idle for IDLE_SECONDS also counts as caught up.
        """
        deadline = self._monotonic() + seconds
        while not self._caught_up.wait(POLL_SECONDS):
            idle = self._idle_since
            if self._monotonic() > deadline or (idle is not None and self._monotonic() - idle > IDLE_SECONDS):
                return
