"""Make events that belong to another partition."""

import uuid
from collections.abc import Sequence

from game.accounts import Transfer
from game.events import FENCE, encode, new_event
from tests.support.clock import NOW

WRONG, REALM = 1, 2  # the event belongs to REALM, but is written to WRONG's partition

GOLD = [Transfer("house:mint", "player:walter:gold", 5)]


def misplaced(at: int, transfers: Sequence[Transfer] = GOLD, event_type: str = "gold_found") -> tuple[str, bytes]:
    """Return the id and the bytes of an event that belongs to REALM and to its generation ``at``."""
    event_id = str(uuid.uuid4())
    event = new_event(
        event_id=event_id,
        event_type=event_type,
        realm=REALM,
        player="" if event_type == FENCE else "walter",
        at=NOW,
        generation=at,
        transfers=() if event_type == FENCE else transfers,
    )
    return event_id, encode(event)
