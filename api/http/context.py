"""Give the rules the state that they may read: settled balances and trade offers.

The balances of each owner are read once for each decision.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from api.backend.tokens import Player
from api.http.services import services
from game.commands import DecisionContext
from game.decision import Balances
from game.rules.trading import Offer


def decision_context(player: Player, event_id: str) -> DecisionContext:
    """Return the context that the rules need to decide on a command of the player: the current time and state."""
    ledger = services().ledger

    def read(owner: str) -> Balances:
        return ledger.holdings(player.realm, owner).settled

    # The actions of a batch ask for the balances of the same owner several times, and all must see the same balances.
    balances_of: Callable[[str], Balances] = cache(read)
    return DecisionContext(
        player.name, datetime.now(UTC), event_id, balances_of, lambda trade: find_offer(player.realm, trade)
    )


def find_offer(realm: int, event_id: str) -> Offer | None:
    """Return the offer that this event made, or None if there is no such offer.

    There is none if the event is unknown, already forgotten, not settled yet, or not an offer.
    """
    status = services().ledger.event(realm, event_id)
    if status is None or (status.status, status.type) != ("settled", "trade_offered"):
        return None
    return Offer.read(event_id, status.player, status.details)
