"""Provide times and a clock for tests."""

from datetime import UTC, datetime

NOW = datetime.now(UTC)
TODAY = NOW.date()


class FakeClock:
    """A monotonic clock that the test moves forward. Each reading also moves it forward, by ``tick`` seconds."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now = 0.0
        self._tick = tick

    def __call__(self) -> float:
        self.now += self._tick
        return self.now
