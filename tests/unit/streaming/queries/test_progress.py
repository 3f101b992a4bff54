"""Test how landing waits for settling."""

import pytest

from streaming.queries.progress import IDLE_SECONDS, Progress
from tests.support.clock import FakeClock

PATIENCE_SECONDS = 60.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(tick=0.1)  # each reading moves the time forward, so a wait ends without real waiting


@pytest.fixture
def progress(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Progress:
    monkeypatch.setattr("streaming.queries.progress.POLL_SECONDS", 0.0)
    progress = Progress(1, lambda _realm, _reason: None, clock)
    progress.begin({})
    return progress


def waited(progress: Progress, clock: FakeClock) -> float:
    begun = clock.now
    progress.wait_for_settling(PATIENCE_SECONDS)
    return clock.now - begun


def test_landing_does_not_wait_for_an_idle_query(progress: Progress, clock: FakeClock) -> None:
    with progress.batch(full=False):
        assert waited(progress, clock) < IDLE_SECONDS


def test_landing_waits_a_limited_time(progress: Progress, clock: FakeClock) -> None:
    with progress.batch(full=True):
        assert waited(progress, clock) > PATIENCE_SECONDS


def test_full_batch_may_be_the_last_one(progress: Progress, clock: FakeClock) -> None:
    """Landing once waited for a minute after certain backlogs.

    It did so if the number of records was a multiple of the batch size.
    """
    with progress.batch(full=True):
        pass
    assert IDLE_SECONDS < waited(progress, clock) < 2 * IDLE_SECONDS
