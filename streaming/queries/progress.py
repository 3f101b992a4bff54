"""Progress of settling, for landing, the recovery manager and people."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

IDLE_SECONDS = 1.0  # a query that is behind pauses only for milliseconds between two batches
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Halt:
    """The reason why a realm is not settled, and a check whether it is over."""

    reason: str
    is_over: Callable[[], bool]


class Progress:
    """State of the settle query. The query writes it and others read it. Thread-safe.

    ``publish(realm, reason)`` tells people why a realm is halted, or with an empty reason that it no longer is.
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
        """Record the start of the query without the halted realms."""
        self._halted = dict(halted)
        self._caught_up.set()
        for realm in range(self._realms):
            self._publish(realm, halted[realm].reason if realm in halted else "")

    def halt(self, realm: int, halt: "Halt") -> None:
        """Halt a realm; the others continue."""
        self._halted[realm] = halt
        self._publish(realm, halt.reason)

    def is_halted(self, realm: int) -> bool:
        """Whether the query skips the realm."""
        return realm in self._halted

    def halt_cleared(self) -> bool:
        """Whether the cause of a halt is over, so that the query should restart. Raises what the checks raise."""
        return any(halt.is_over() for halt in self._halted.values())

    @contextmanager
    def batch(self, *, full: bool) -> Iterator[None]:
        """Wrap the work on a batch. After a full one there may be more records."""
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
        """Wait until settling has caught up, at most for ``seconds``.

        A full batch may be the last one, so an idle query also counts as caught up.
        """
        deadline = self._monotonic() + seconds
        while not self._caught_up.wait(POLL_SECONDS):
            idle = self._idle_since
            if self._monotonic() > deadline or (idle is not None and self._monotonic() - idle > IDLE_SECONDS):
                return
