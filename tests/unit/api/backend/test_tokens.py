"""Test tokens: the player that they name, their expiry, and the replacement of the key."""

import pytest
from itsdangerous import TimestampSigner

from api.backend.tokens import Player, Tokens

OLD, NEW, THIRD = "o" * 32, "n" * 32, "t" * 32

ADA = Player(3, "ada")


def test_token_names_its_player() -> None:
    tokens = Tokens(NEW, days=1)
    assert tokens.read(tokens.issue(ADA)) == ADA


def test_replaced_key_is_accepted_and_no_longer_signs() -> None:
    old, both, new = Tokens(OLD, 1), Tokens(f"{NEW},{OLD}", 1), Tokens(f"{THIRD},{NEW}", 1)
    assert both.read(old.issue(ADA)) == ADA
    assert old.read(both.issue(ADA)) is None
    assert new.read(both.issue(ADA)) == ADA
    assert new.read(old.issue(ADA)) is None


def test_token_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(NEW, days=1)
    token, now = tokens.issue(ADA), TimestampSigner("x").get_timestamp()
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: now + 24 * 3600 - 5)
    assert tokens.read(token) == ADA
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: now + 24 * 3600 + 5)
    assert tokens.read(token) is None


@pytest.mark.parametrize("token", ["", "x", "WzMsImFkYSJd.awYXFg.AAAA", "\N{SNOWMAN}"])
def test_unsigned_token_is_rejected(token: str) -> None:
    assert Tokens(NEW, 1).read(token) is None


@pytest.mark.parametrize("keys", ["", "short", f"{NEW},short"])
def test_short_key_is_refused(keys: str) -> None:
    with pytest.raises(ValueError, match="32 characters"):
        Tokens(keys, 1)
