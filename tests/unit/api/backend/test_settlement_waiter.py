"""Test parsing the header with which a client asks to wait."""

import pytest

from api.backend.settlement_waiter import preferred_wait


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("wait=5", 5),
        ("respond-async, wait=5", 5),
        ('wait="5"', 5),
        ("wait=100000", 30),
        ("wait=-1", None),
        ("wait=soon", None),
        ("wait", None),
        ("return=minimal", None),
        ("wait=5; x=1", 5),
    ],
)
def test_wait_preference_is_parsed(header: str | None, seconds: int | None) -> None:
    assert preferred_wait(header) == seconds
