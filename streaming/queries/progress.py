"""How settling stands: what landing, the keeper and people want to know of it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

IDLE_SECONDS = 1.0  # between two batches of a query that is behind there are milliseconds
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Halt:
    """Why a realm is not settled, and how to tell that it may be again."""

    reason: str
    is_over: Callable[[], bool]


class Progress:
    """Written by the settle query, read by others. Thread-safe. ``publish`` tells people why a realm is halted, and
    that it no longer is, with an empty reason."""

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
        """The query starts, without these realms."""
        self._halted = dict(halted)
        self._caught_up.set()
        for realm in range(self._realms):
            self._publish(realm, halted[realm].reason if realm in halted else "")

    def halt(self, realm: int, halt: "Halt") -> None:
        """The realm cannot be settled for now; the others go on."""
        self._halted[realm] = halt
        self._publish(realm, halt.reason)

    def is_halted(self, realm: int) -> bool:
        """Whether the query passes the realm over."""
        return realm in self._halted

    def halt_cleared(self) -> bool:
        """Whether the cause of a halt is gone, so that the query should start again. Raises what the causes raise."""
        return any(halt.is_over() for halt in self._halted.values())

    @contextmanager
    def batch(self, *, full: bool) -> Iterator[None]:
        """Around the work on a batch; a full one means that more may wait behind it."""
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
        """Return when settling has caught up, or when the time is up. A full batch may have been the last one: then no
        other one follows."""
        give_up = self._monotonic() + seconds
        while not self._caught_up.wait(LOOK_SECONDS):
            idle = self._idle_since
            if self._monotonic() > give_up or (idle is not None and self._monotonic() - idle > IDLE_SECONDS):
                return
