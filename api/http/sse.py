"""Stream the events of a player's history as server-sent events (WHATWG HTML, 9.2), as soon as they happen."""

import json
import re
import threading
import time
from collections.abc import Iterator
from typing import Final

import redis
from flask import Response, request

from api.backend.serializers import as_json
from api.backend.tokens import Player
from api.http.services import services
from api.problems.problems import Problem, unavailable
from state.ledger import Ledger, RealmRecovering
from state.results import HistoryEntry

MAX_STREAMS: Final = 24  # open streams in a process; each occupies one of its threads, and actions need the rest
MAX_SECONDS: Final = 300.0  # after this time the stream ends and the client reconnects, so abandoned streams end too
POLL_SECONDS: Final = 0.2  # settling takes about this time, so more frequent polls would only load Redis
HEARTBEAT_SECONDS: Final = 10.0  # time between comments; a failed write is the only sign that the client is gone
MAX_ENTRIES: Final = 100  # events read in one poll; the bound keeps the call in Redis short

# At most 15 digits, so that the number is below 2**53. Every JSON parser and Redis represent such a number exactly.
_LAST_EVENT_ID: Final = re.compile("[0-9]{0,15}")

_places = threading.BoundedSemaphore(MAX_STREAMS)


def respond(player: Player) -> Response:
    """Return the stream of this player, which starts after the event ``Last-Event-ID``, or now if there is none.

    Raises Problem 422 if the id is not an id of this stream, and Problem 503 if too many streams are open.
    """
    last = request.headers.get("Last-Event-ID", "").strip(" \t")
    if not _LAST_EVENT_ID.fullmatch(last):
        # If the stream ignored the id and started now, the client would miss events without noticing it.
        raise Problem("invalid", "Last-Event-ID must be the id of an event of this stream: digits")
    ledger = services().ledger
    # Read the ledger before the response begins, because an error could not be reported to the client later.
    start = int(last) if last else ledger.holdings(player.realm, player.owner).offset
    if not _places.acquire(blocking=False):
        raise unavailable("too many streams are open here", "too_many_streams")
    body = _Stream(ledger, player, start)
    response = Response(body, mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


class _Stream:
    """A response body that occupies one of the ``MAX_STREAMS`` places until the server closes it.

    The place becomes free even if the server never reads the body.
    """

    def __init__(self, ledger: Ledger, player: Player, start: int) -> None:
        self._chunks = _chunks(ledger, player, start)
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except StopIteration:
            self.close()
            raise

    def close(self) -> None:
        """Give the place back. The WSGI server calls this method at the end of the response (PEP 3333)."""
        if not self._closed:
            self._closed = True
            _places.release()


def _chunks(ledger: Ledger, player: Player, last: int) -> Iterator[bytes]:
    ends = time.monotonic() + MAX_SECONDS
    # This first block is not an event but has an id, so that a client cut off before the first event can resume here.
    yield f"retry: 1000\nid: {max(0, last)}\n: the stream is open\n\n".encode()
    beat = time.monotonic() + HEARTBEAT_SECONDS
    while time.monotonic() < ends:
        entries = _after(ledger, player, last)
        for entry in entries:
            last = entry.offset
            yield f"id: {last}\nevent: {entry.status.status}\ndata: {json.dumps(as_json(entry))}\n\n".encode()
        if entries or time.monotonic() > beat:
            yield b": still here\n\n"
            beat = time.monotonic() + HEARTBEAT_SECONDS
        time.sleep(POLL_SECONDS)


def _after(ledger: Ledger, player: Player, offset: int) -> list[HistoryEntry]:
    try:
        return ledger.history_after(player.realm, player.owner, offset, MAX_ENTRIES)
    except (redis.RedisError, RealmRecovering):
        return []  # no event is lost, because the next poll starts at the same offset
