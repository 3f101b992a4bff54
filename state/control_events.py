"""Creates the events that Guildhall itself appends to a realm's log: voids and fences."""

from datetime import datetime

from game.events import FENCE, VOID, Event, new_event
from state.results import ExpiredHold


def void_event(realm: int, hold: ExpiredHold, at: datetime) -> Event:
    """Create the event that cancels a hold whose event never reached the log.

    The void contains the player and the request, so that the player can still read the status of the event. It also
    contains the generation, because a later generation may have a hold with the same id.
    """
    return new_event(
        event_id=hold.event_id,
        event_type=VOID,
        realm=realm,
        player=hold.player,
        at=at,
        generation=hold.generation,
        request=hold.request,
    )


def fence_event(realm: int, token: str, at: datetime) -> Event:
    """Create the event that opens a new generation and ends all holds whose events do not precede it in the log."""
    return new_event(event_id=token, event_type=FENCE, realm=realm, player="", at=at)
