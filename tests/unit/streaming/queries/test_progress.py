"""How long landing waits for settling."""

import pytest

from streaming.queries.progress import IDLE_SECONDS, Progress

PATIENCE_SECONDS = 60.0


class Clock:
    """Goes on by itself, so that a wait comes to its end at once."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.1
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Progress:
    monkeypatch.setattr("streaming.queries.progress.POLL_SECONDS", 0.0)
    progress = Progress(1, lambda _realm, _reason: None, clock)
    progress.begin({})
    return progress


def waited(progress: Progress, clock: Clock) -> float:
    begun = clock.now
    progress.wait_for_settling(PATIENCE_SECONDS)
    return clock.now - begun


def test_nobody_waits_for_a_query_that_has_caught_up(progress: Progress, clock: Clock) -> None:
    with progress.batch(full=False):
        assert waited(progress, clock) < IDLE_SECONDS


def test_the_wait_for_a_query_that_is_behind_has_an_end(progress: Progress, clock: Clock) -> None:
    with progress.batch(full=True):
        assert waited(progress, clock) > PATIENCE_SECONDS


def test_a_full_batch_may_be_the_last_one(progress: Progress, clock: Clock) -> None:
    """Landing waited a minute after each backlog whose size was a multiple of the batch's."""
    with progress.batch(full=True):
        pass
    assert IDLE_SECONDS < waited(progress, clock) < 2 * IDLE_SECONDS
