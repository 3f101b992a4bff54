"""Test encoding events as bytes and decoding them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.accounts import Transfer
from game.events import Malformed, decode, encode, new_event

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

EVENT = new_event(
    event_id="0123-4567",
    event_type="sword_bought",
    realm=1,
    player="ada",
    at=NOW,
    details={"sword": "iron_sword", "price": 30},
    transfers=[Transfer("player:ada:gold", "house:shop", 30)],
)


def test_event_is_decoded_as_it_was_encoded() -> None:
    assert decode(encode(EVENT), 1) == EVENT
    assert EVENT.time == "2026-03-01T12:00:00.123Z"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'"amount":30', b'"amount":-30', "greater than or equal to 1"),
        (b'"amount":30', b'"amount":30.0', "integer"),
        (b'"amount":30', b'"amount":1000000001', "less than or equal"),
        (b"player:ada:gold", b"player:Ada:gold", "pattern"),
        (b'"version":1', b'"version":2', "version"),
        (b'"realm":1', b'"realm":2', "realm 2 in partition 1"),
        (b"12:00:00.123Z", b"12:00:00Z", "not of the form"),
        (b'"sword_bought"', b'"void"', "no transfers"),
        (b'"player":"ada"', b'"player":"ada","extra":1', "extra"),
        (b"{", b"", "JSON"),
    ],
)
def test_invalid_event_is_malformed_with_a_reason(old: bytes, new: bytes, reason: str) -> None:
    value = encode(EVENT).replace(old, new, 1)
    assert value != encode(EVENT)
    with pytest.raises(Malformed, match=reason):
        decode(value, 1)


@given(st.binary(max_size=300) | st.none())
def test_garbage_raises_malformed_only(value: bytes | None) -> None:
    with pytest.raises(Malformed):
        decode(value, 0)
