"""Arguments of the commands that simulate."""

from datetime import UTC, date, datetime

import pytest

from cli.world import days_of, start_of
from infra.errors import OperatorError


def test_a_history_ends_by_now() -> None:
    now = datetime(2026, 6, 30, 0, 30, tzinfo=UTC)
    assert start_of(30, now) == date(2026, 5, 30)  # until the midnight before the last one
    assert start_of(30, now.replace(hour=5)) == date(2026, 5, 31)


def test_days_of_a_history() -> None:
    assert (days_of("30d"), days_of("1d")) == (30, 1)
    for wrong in ("30", "0d", "d", "-1d", "1w", "999d", ""):
        with pytest.raises(OperatorError):
            days_of(wrong)
