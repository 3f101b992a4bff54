"""Append view events to the log. This takes no hold and does not delay the request, but an event may be lost.

The same view by the same player is recorded only once a minute. So a client that polls every second does not add more
records to the log than a person does.
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

ONCE_IN_SECONDS = 60.0  # a repeated view within this time is not recorded again
MAX_REMEMBERED = 10_000  # views of the last minute, about 2 MB; if there are more, the oldest view is forgotten
MAX_QUEUED = 1000  # events that wait to be appended; further events are dropped, because players' actions come first


class Telemetry:
    """Appends view events in a thread of its own, because an append may block while Kafka is down."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._recent: TTLCache[tuple[Player, str], bool] = TTLCache(MAX_REMEMBERED, ONCE_IN_SECONDS)
        self._queue: queue.Queue[Event] = queue.Queue(MAX_QUEUED)
        self._started = False

    def record_view(self, player: Player, event_type: str) -> None:
        """Record that the player has viewed something. This method never blocks and never raises an exception."""
        with self._lock:
            if (player, event_type) in self._recent:
                return
            self._recent[player, event_type] = True
            if not self._started:
                # The thread does not start in the constructor, because threads do not survive a server's fork.
                self._started = True
                threading.Thread(target=self._append_forever, name="telemetry", daemon=True).start()
        event = new_event(
            event_id=str(uuid.uuid4()),
            event_type=event_type,
            realm=player.realm,
            player=player.name,
            at=datetime.now(UTC),
        )
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            logger.warning("a view event was dropped: the log is too slow")

    def _append_forever(self) -> None:
        while True:
            event = self._queue.get()
            try:
                self._log.append(event, lambda _offset: None)
            except NotAppended as error:
                logger.warning("a view event was lost: %s", error)
