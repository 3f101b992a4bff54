"""Test waiting by polling, with a fake clock, so that the test itself does not wait."""

import pytest

from infra.waiting import wait_until


class FakeClock:
    """A clock that moves forward only when the code sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


def test_true_value_is_returned_without_sleeping() -> None:
    clock = FakeClock()
    assert wait_until(lambda: "done", 5, "the work", monotonic=clock.monotonic, sleep=clock.sleep) == "done"
    assert clock.sleeps == []


def test_predicate_is_polled_until_it_is_true() -> None:
    clock = FakeClock()

    def records() -> int:
        return 7 if clock.now >= 101 else 0

    found = wait_until(records, 5, "the records", poll_seconds=0.5, monotonic=clock.monotonic, sleep=clock.sleep)
    assert found == 7
    assert clock.sleeps == [0.5, 0.5]


def test_timeout_names_what_was_waited_for() -> None:
    clock = FakeClock()
    left = iter([3, 2, 1])

    with pytest.raises(TimeoutError, match=r"^2 records: not reached within 1 s$"):
        wait_until(
            lambda: False,
            1,
            lambda: f"{next(left) - 1} records",
            poll_seconds=0.4,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
        )
    # The last sleep is shortened so that it ends at the timeout. After it, the predicate is called once more.
    assert clock.sleeps == pytest.approx([0.4, 0.4, 0.2])


def test_zero_timeout_calls_the_predicate_once() -> None:
    calls: list[int] = []

    with pytest.raises(TimeoutError, match="the server"):
        wait_until(lambda: calls.append(1), 0, "the server")
    assert calls == [1]


def test_exception_of_the_predicate_is_raised() -> None:
    def fail() -> bool:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        wait_until(fail, 5, "nothing")
