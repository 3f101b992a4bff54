"""Test the form of account names."""

import re

import pytest

from game.accounts import ACCOUNT, split


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
    assert re.fullmatch(ACCOUNT, account)
    assert ":".join(split(account)) == account
