"""Write log lines about events and rejected requests.

No line contains a token, an Idempotency-Key or the body of a request.
"""

from game.events import Event
from infra import json_logging

_log = json_logging.get_logger("api")


def log_accepted(event: Event, offset: int, seconds: float) -> None:
    """Log that the event is in Kafka and will be settled."""
    _log.info(
        "accepted",
        event_id=event.id,
        type=event.type,
        realm=event.realm,
        player=event.player,
        offset=offset,
        milliseconds=round(seconds * 1000, 1),
    )


def log_unknown(event_id: str, realm: int, seconds: float) -> None:
    """Log that the event may or may not be in Kafka."""
    _log.warning("unknown outcome", event_id=event_id, realm=realm, milliseconds=round(seconds * 1000, 1))


def log_voided(event: Event, offset: int | None) -> None:
    """Log the void of an expired hold.

    An ``offset`` of None means that the void may or may not be in Kafka.
    """
    _log.info("void", event_id=event.id, realm=event.realm, player=event.player, offset=offset)


def log_rejection(reason: str, status: int, event_id: str | None) -> None:
    """Log that the response was a problem with the code ``reason``."""
    known = {"event_id": event_id} if event_id else {}
    log = _log.warning if status >= 500 else _log.info
    log("refused", reason=reason, status=status, **known)
