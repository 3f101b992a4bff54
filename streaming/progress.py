"""How settling stands: what landing, the keeper and people want to know of it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Halt:
    """Why a realm is not settled, and how to tell that it may be again."""

    reason: str
    is_over: Callable[[], bool]


class Progress:
    """Written by the settle query, read by others. Thread-safe. ``publish`` tells people why a realm is halted, and
    that it no longer is, with an empty reason."""

    def __init__(self, realms: int, publish: Callable[[int, str], None]) -> None:
        self._realms = realms
        self._publish = publish
        self._caught_up = threading.Event()
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

    def may_go_on(self) -> bool:
        """Whether the cause of a halt is gone, so that the query should start again. Raises what the causes raise."""
        return any(halt.is_over() for halt in self._halted.values())

    def note_batch(self, *, full: bool) -> None:
        """A batch has come; a full one means that more wait behind it."""
        if full:
            self._caught_up.clear()
        else:
            self._caught_up.set()

    def wait_for_settling(self, seconds: float) -> None:
        """Return when settling has caught up, or when the time is up."""
        self._caught_up.wait(seconds)
