"""Test the bounds of one step of the derive job."""

from streaming.jobs.derive import next_step_bounds


def test_step_is_bounded_and_shared_among_realms() -> None:
    assert next_step_bounds({0: -1, 1: 5}, {0: 9, 1: 9}, 100) == {0: 9, 1: 9}
    assert next_step_bounds({0: -1, 1: 5}, {0: 999, 1: 999}, 100) == {0: 49, 1: 55}
    assert next_step_bounds({0: -1, 1: 5}, {0: 999, 1: 5}, 100) == {0: 99, 1: 5}
    # Redis is behind in realm 0 and does not know realm 1, so the step contains no records.
    assert next_step_bounds({0: 7, 1: 5}, {0: 3}, 100) == {0: 7, 1: 5}
