"""The rules, without I/O."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game import catalogue, rules
from game.accounts import ACCOUNT_PATTERN, Transfer, debits, opening_balance, split
from game.events import Malformed, decode, encode, new_event
from game.rules import Decision, RuleBroken

TODAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def after(decision: Decision, balances: dict[str, int]) -> dict[str, int]:
    """The books after the decision; fails if it takes any account below zero."""
    books = dict(balances)
    for t in decision.transfers:
        books[t.debit] = books.get(t.debit, opening_balance(t.debit)) - t.amount
        books[t.credit] = books.get(t.credit, opening_balance(t.credit)) + t.amount
    assert all(amount >= 0 for account, amount in books.items() if not account.startswith("house:"))
    return books


def of(owner: str, books: dict[str, int]) -> dict[str, int]:
    return {split(account)[1]: amount for account, amount in books.items() if split(account)[0] == owner}


def test_a_new_player_has_gold_health_and_no_guild() -> None:
    books = after(rules.register("ada", TODAY), {})
    has = of("player:ada", books)
    assert (has["gold"], has["health"], has["free_agent"], has["vacancy"]) == (100, 100, 1, 0)
    assert rules.membership(has) is None


@pytest.mark.parametrize(("sword", "price"), catalogue.SWORDS.items())
def test_a_sword_costs_its_price(sword: str, price: int) -> None:
    decision = rules.buy_sword("ada", sword)
    assert debits(decision.transfers) == {"player:ada:gold": price}
    assert of("player:ada", after(decision, {"player:ada:gold": price}))[f"item:{sword}"] == 1


def test_at_least_four_swords() -> None:
    assert len(catalogue.SWORDS) >= 4


def test_an_unknown_sword_is_refused() -> None:
    with pytest.raises(RuleBroken, match="excalibur") as broken:
        rules.buy_sword("ada", "excalibur")
    assert broken.value.code == "unknown_sword"


def test_daily_gold_once_a_day() -> None:
    books = after(rules.register("ada", TODAY), {})
    books = after(rules.claim_gold("ada", of("player:ada", books), TODAY), books)
    assert books["player:ada:gold"] == 100 + catalogue.DAILY_GOLD
    with pytest.raises(RuleBroken) as broken:
        rules.claim_gold("ada", of("player:ada", books), TODAY)
    assert broken.value.code == "already_claimed"
    tomorrow = date(2026, 3, 2)
    books = after(rules.claim_gold("ada", of("player:ada", books), tomorrow), books)
    assert books["player:ada:gold"] == 100 + 2 * catalogue.DAILY_GOLD


def test_a_guild_is_founded_joined_and_left() -> None:
    books: dict[str, int] = {}
    for name in ("ada", "bob"):
        books = after(rules.register(name, TODAY), books)
    for name, expected in (("ada", "guild_founded"), ("bob", "guild_joined")):
        decision = rules.join_guild(name, "knights", of(f"player:{name}", books), of("guild:knights", books))
        assert decision.type == expected
        books = after(decision, books)
    assert books["guild:knights:seat"] == catalogue.GUILD_SEATS - 2
    with pytest.raises(RuleBroken, match="leave it first"):
        rules.join_guild("bob", "rogues", of("player:bob", books), {})
    books = after(rules.leave_guild("bob", of("player:bob", books)), books)
    assert rules.membership(of("player:bob", books)) is None
    assert (books["guild:knights:seat"], books["player:bob:free_agent"]) == (catalogue.GUILD_SEATS - 1, 1)
    with pytest.raises(RuleBroken, match="no guild"):
        rules.leave_guild("bob", of("player:bob", books))


@pytest.mark.parametrize("account", ["player:ada:gold", "guild:knights:seat", "house:stock:iron_sword"])
def test_account_shapes(account: str) -> None:
    assert ACCOUNT_PATTERN.fullmatch(account)
    assert ":".join(split(account)) == account


EVENT = new_event(
    event_id="0123-4567",
    event_type="sword_bought",
    realm=1,
    player="ada",
    at=NOW,
    details={"sword": "iron_sword", "price": 30},
    transfers=[Transfer("player:ada:gold", "house:shop", 30)],
)


def test_an_event_survives_the_log() -> None:
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
def test_what_is_no_event_is_malformed_and_says_why(old: bytes, new: bytes, reason: str) -> None:
    value = encode(EVENT).replace(old, new, 1)
    assert value != encode(EVENT)
    with pytest.raises(Malformed, match=reason):
        decode(value, 1)


@given(st.binary(max_size=300) | st.none())
def test_garbage_is_malformed_and_nothing_else(value: bytes | None) -> None:
    with pytest.raises(Malformed):
        decode(value, 0)
