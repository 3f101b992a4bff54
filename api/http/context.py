"""The state that the rules may read: settled balances and offers, read once for each decision."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from api.backend.tokens import Player
from api.http.services import services
from game.commands import DecisionContext
from game.decision import Balances
from game.rules.trading import Offer


def decision_context(player: Player, event_id: str) -> DecisionContext:
    """Return the context in which the player acts, with the state of this moment."""
    ledger = services().ledger

    def read(owner: str) -> Balances:
        return ledger.holdings(player.realm, owner).settled

    # The actions of a batch ask for the same owners several times, and must all see the same state.
    balances_of: Callable[[str], Balances] = cache(read)
    return DecisionContext(
        player.name, datetime.now(UTC), event_id, balances_of, lambda trade: find_offer(player.realm, trade)
    )


def find_offer(realm: int, event_id: str) -> Offer | None:
    """Return the offer made by this event, None if it is not settled yet, unknown or forgotten."""
    status = services().ledger.event(realm, event_id)
    if status is None or (status.status, status.type) != ("settled", "trade_offered"):
        return None
    return Offer.read(event_id, status.player, status.details)
