"""Tokens: who they name, how long they last, and what becomes of them when the key is replaced."""

import pytest
from itsdangerous import TimestampSigner

from api.backend.tokens import Player, Tokens
from stack.instance import Instance, open_instance, with_new_token_key
from tests.conftest import Player as Someone
from tests.conftest import guildhall

OLD, NEW, THIRD = "o" * 32, "n" * 32, "t" * 32
ADA = Player(3, "ada")


def test_a_token_names_its_player() -> None:
    tokens = Tokens(NEW, days=1)
    assert tokens.read(tokens.issue(ADA)) == ADA


def test_a_key_that_was_replaced_is_accepted_and_signs_no_more() -> None:
    old, both, new = Tokens(OLD, 1), Tokens(f"{NEW},{OLD}", 1), Tokens(f"{THIRD},{NEW}", 1)
    assert both.read(old.issue(ADA)) == ADA
    assert old.read(both.issue(ADA)) is None
    assert new.read(both.issue(ADA)) == ADA
    assert new.read(old.issue(ADA)) is None


def test_a_token_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(NEW, days=1)
    token, now = tokens.issue(ADA), TimestampSigner("x").get_timestamp()
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: now + 24 * 3600 - 5)
    assert tokens.read(token) == ADA
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: now + 24 * 3600 + 5)
    assert tokens.read(token) is None


@pytest.mark.parametrize("token", ["", "x", "WzMsImFkYSJd.awYXFg.AAAA", "\N{SNOWMAN}"])
def test_what_nobody_signed_names_nobody(token: str) -> None:
    assert Tokens(NEW, 1).read(token) is None


@pytest.mark.parametrize("keys", ["", "short", f"{NEW},short"])
def test_keys_must_be_secrets(keys: str) -> None:
    with pytest.raises(ValueError, match="32 characters"):
        Tokens(keys, 1)


def test_an_instance_keeps_one_older_key(tmp_path) -> None:  # type: ignore[no-untyped-def]
    first = open_instance(tmp_path)
    second = with_new_token_key(first)
    third = with_new_token_key(second)
    keys = [instance.secrets["token_key"].split(",") for instance in (first, second, third)]
    assert keys[1][1:] == keys[0]
    assert keys[2][1:] == keys[1][:1]
    assert open_instance(tmp_path).secrets == third.secrets


@pytest.mark.stack
def test_players_go_on_when_the_operator_rotates_the_key(pipeline: Instance) -> None:
    before = Someone(pipeline, 1)
    done = guildhall(pipeline, "rotate-key")
    assert done.returncode == 0, done.stderr
    assert "started with it" in done.stdout
    assert before.inventory()["player"] == before.name
    old = before.token
    assert before.renew_token()["player"] == before.name
    assert before.token != old
    assert guildhall(pipeline, "rotate-key").returncode == 0
    assert before.inventory()["player"] == before.name
    with_old = before.request("GET", "/inventory", headers={"Authorization": f"Bearer {old}"})
    assert with_old.status_code == 401
    # The session's other tests read their keys from the file.
    pipeline.secrets.update(open_instance(pipeline.home).secrets)
