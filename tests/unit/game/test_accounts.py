"""The shape of accounts."""

import pytest

from game.accounts import ACCOUNT_PATTERN, split


@pytest.mark.parametrize(
    "account",
    [
        "player:ada:gold",
        "guild:knights:seat",
        "house:stock:iron_sword",
        "shop:moon_sword:edition_3",
        "name:adal:likeness",
    ],
)
def test_account_is_split_into_owner_and_name(account: str) -> None:
    assert ACCOUNT_PATTERN.fullmatch(account)
    assert ":".join(split(account)) == account
