"""Compute the entity tag of an inventory, and check ``If-Match`` (RFC 9110, 13.1.1).

With ``If-Match``, a client demands that its command is executed only if the inventory has not changed.
"""

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

# These accounts are not part of the inventory, because only the rules need them.
_INTERNAL: Final = ("vacancy", "claim_day", "departed", "likeness")
_INTERNAL_PREFIXES: Final = ("quest:", "offer:", "offered:")


def inventory_of(player: Player, holdings: OwnerBalances) -> dict[str, Any]:
    """Return the inventory as the API shows it. It depends only on the player and the player's balances."""
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
    """Return the strong entity tag of an inventory. The tag has no quotation marks around it."""
    return hashlib.sha256(json.dumps(inventory, sort_keys=True).encode()).hexdigest()[:16]


def required_holdings(player: Player) -> OwnerBalances | None:
    """Return the balances that must not change before the hold is taken, or None if they may change.

    They may change if the request has no header ``If-Match``, or if that header is ``*``. Raises Problem 412 if the
    inventory already differs from the one that ``If-Match`` requires.
    """
    if not request.if_match:
        return None
    holdings = services().ledger.holdings(player.realm, player.owner)
    if not request.if_match.contains(tag_of(inventory_of(player, holdings))):
        raise Problem("state_changed", "the inventory is not the one of If-Match any more")
    # "*" accepts any state. A list of tags accepts only a state that the client has seen.
    return None if request.if_match.star_tag else holdings
