"""The events that Guildhall itself appends to a realm: voids and fences."""

from datetime import datetime

from game.events import FENCE, VOID, Event, new_event
from state.results import ExpiredHold


def void_event(realm: int, hold: ExpiredHold, at: datetime) -> Event:
    """Cancels a hold whose event never reached the log. It names the player and the request, so that the player may
    still ask what became of the event; and the generation, because a later one may have a hold of the same id."""
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
    """Opens a new generation: every hold that was taken before it and is not in the log before it is void."""
    return new_event(event_id=token, event_type=FENCE, realm=realm, player="", at=at)
