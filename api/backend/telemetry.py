"""Events that tell of a look: they are appended without a hold and without waiting, and may be lost.

A look counts once a minute, so that a client which asks every second costs the log no more than a person.
"""

import logging
import queue
import threading
import uuid
from datetime import UTC, datetime

from cachetools import TTLCache

from api.backend.tokens import Player
from game.events import Event, new_event
from infra.kafka.event_log import Log, NotAppended

logger = logging.getLogger(__name__)

ONCE_IN_SECONDS = 60.0
MOST_REMEMBERED = 10_000  # looks of the last minute: about 2 MB; the oldest is forgotten when there are more
MOST_WAITING = 1000  # events; more than that is thrown away, as players' actions come first


class Telemetry:
    """Appends in a thread of its own, because the log may block while its broker is down."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._recent: TTLCache[tuple[Player, str], bool] = TTLCache(MOST_REMEMBERED, ONCE_IN_SECONDS)
        self._waiting: queue.Queue[Event] = queue.Queue(MOST_WAITING)
        self._started = False

    def record_view(self, player: Player, event_type: str) -> None:
        """The player has looked at something. Never blocks and never raises."""
        with self._lock:
            if (player, event_type) in self._recent:
                return
            self._recent[player, event_type] = True
            if not self._started:
                # Not in the constructor, because threads do not survive a server's fork.
                self._started = True
                threading.Thread(target=self._append_for_ever, name="telemetry", daemon=True).start()
        event = new_event(
            event_id=str(uuid.uuid4()),
            event_type=event_type,
            realm=player.realm,
            player=player.name,
            at=datetime.now(UTC),
        )
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            logger.warning("telemetry is thrown away: the log is too slow")

    def _append_for_ever(self) -> None:
        while True:
            event = self._waiting.get()
            try:
                self._log.append(event, lambda _offset: None)
            except NotAppended as error:
                logger.warning("telemetry is lost: %s", error)
