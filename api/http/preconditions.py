"""Entity tags of the inventory, and ``If-Match`` (RFC 9110, 13.1.1): act only if the inventory is unchanged."""

import hashlib
import json
from typing import Any, Final

from flask import request

from api.backend.tokens import Player
from api.http.services import services
from api.problems.problems import Problem
from game.rules import guilds
from state.ledger import available
from state.results import OwnerBalances

# Accounts that only the rules need are not part of the inventory.
_INTERNAL: Final = ("vacancy", "claim_day", "departed", "likeness")
_INTERNAL_PREFIXES: Final = ("quest:", "offer:", "offered:")


def inventory_of(player: Player, holdings: OwnerBalances) -> dict[str, Any]:
    """Return the inventory as the API shows it: a function of the player's balances alone."""
    accounts = available(holdings, player.owner)
    shown = {n: a for n, a in accounts.items() if n not in _INTERNAL and not n.startswith(_INTERNAL_PREFIXES)}
    return {
        "realm": player.realm,
        "player": player.name,
        "guild": guilds.membership(holdings.settled),
        "leads": guilds.leads(holdings.settled),
        "accounts": shown,
    }


def tag_of(inventory: dict[str, Any]) -> str:
    """Return the strong entity tag of an inventory, without quotation marks."""
    return hashlib.sha256(json.dumps(inventory, sort_keys=True).encode()).hexdigest()[:16]


def required_holdings(player: Player) -> OwnerBalances | None:
    """Return the balances that must not change until the hold, None without ``If-Match``.

    Raises Problem 412 if they have changed already.
    """
    if not request.if_match:
        return None
    holdings = services().ledger.holdings(player.realm, player.owner)
    if not request.if_match.contains(tag_of(inventory_of(player, holdings))):
        raise Problem("state_changed", "the inventory is not the one of If-Match any more")
    # "*" accepts any state; a list of tags requires one that the client has seen.
    return None if request.if_match.star_tag else holdings
