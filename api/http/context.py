"""What the rules may look at: settled balances and offers, read once for each decision."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from api.backend.tokens import Player
from api.http.services import services
from game.commands import DecisionContext
from game.decision import Balances
from game.rules.trading import Offer


def decision_context(player: Player, event_id: str) -> DecisionContext:
    """The scene in which the player acts, with the state of this moment."""
    ledger = services().ledger

    def balances(owner: str) -> Balances:
        return ledger.holdings(player.realm, owner).settled

    # A batch asks for the same owners again and again, and must see one state of them.
    once: Callable[[str], Balances] = cache(balances)
    return DecisionContext(
        player.name, datetime.now(UTC), event_id, once, lambda trade: find_offer(player.realm, trade)
    )


def find_offer(realm: int, event_id: str) -> Offer | None:
    """The offer that was made by this event, None if it is not known (any more) or not settled yet."""
    status = services().ledger.event(realm, event_id)
    if status is None or (status.status, status.type) != ("settled", "trade_offered"):
        return None
    return Offer.read(event_id, status.player, status.details)
