"""Appends fences and voids to the log.

Their position in the log decides which records are stale and which holds are cancelled. This module appends a fence to
a realm after Redis was restarted. It appends a void for an expired hold, whose event may never have reached the log.
The API appends voids too, but only in realms in which players act.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from redis.exceptions import ResponseError

from game.events import Event
from infra import json_logging
from infra.kafka.event_log import Log, NotAppended
from state.control_events import fence_event, void_event
from state.ledger import Ledger
from streaming.metrics import stream_metrics

_log = json_logging.get_logger("recovery")

# If a realm is still recovering after this time, its fence may have been lost and is appended again. A second fence
# with the same token has no effect.
REPEAT_FENCE_SECONDS = 15.0


class RecoveryManager:
    """Keeps the realms open.

    ``tick`` must be called regularly. ``install`` loads the functions of the ledger into Redis.
    """

    def __init__(
        self,
        ledger: Ledger,
        log: Log,
        realms: int,
        install: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._log = log
        self._realms = realms
        self._install = install
        self._monotonic = monotonic
        self._fenced: dict[int, tuple[str, float]] = {}

    def tick(self) -> None:
        """Append a fence and voids to every realm that needs them. Raises redis.RedisError if Redis is unreachable."""
        try:
            for realm in range(self._realms):
                self._fence(realm, self._ledger.attach(realm))
                for hold in self._ledger.sweep(realm):
                    _log.info("void", event_id=hold.event_id, realm=realm, player=hold.player)
                    if self._append(void_event(realm, hold, datetime.now(UTC))):
                        stream_metrics().voids_appended.inc()
        except ResponseError as error:
            if "Function not found" not in str(error):
                raise
            # If Redis lost its data, it has also lost the functions of the ledger.
            _log.warning("ledger functions are missing in Redis: installing them")
            self._install()

    def _fence(self, realm: int, token: str) -> None:
        known, since = self._fenced.get(realm, ("", 0.0))
        if not token or (token == known and self._monotonic() - since < REPEAT_FENCE_SECONDS):
            return
        _log.warning("realm is recovering: appending a fence", event_id=token, realm=realm)
        if self._append(fence_event(realm, token, datetime.now(UTC))):
            stream_metrics().fences_appended.inc()
            self._fenced[realm] = (token, self._monotonic())

    def _append(self, event: Event) -> bool:
        try:
            self._log.append(event, lambda _offset: None)
        except NotAppended as error:
            _log.warning("append failed", event_id=event.id, realm=event.realm, reason=str(error))
            return False
        return True
