"""Server-sent events (WHATWG HTML, 9.2): the settled events of a player, as they happen."""

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

MAX_STREAMS: Final = 24  # of a process: each one occupies a thread of the server, and actions need the others
MAX_SECONDS: Final = 300.0  # then the client reconnects, so that an abandoned stream ends
POLL_SECONDS: Final = 0.2  # settling takes about as long, so that more frequent polls would only load Redis
HEARTBEAT_SECONDS: Final = 10.0  # only a failing write shows the server that a client is gone
MAX_ENTRIES: Final = 100  # of one poll: bounds the time in Redis

# Fewer digits than 2**53: such a number is exact in every JSON parser and in Redis.
_LAST_EVENT_ID: Final = re.compile("[0-9]{0,15}")

_places = threading.BoundedSemaphore(MAX_STREAMS)


def respond(player: Player) -> Response:
    """Return the stream of this player, from ``Last-Event-ID`` or from now on.

    Raises Problem: 422 for an id that is not one of this stream, 503 if there are too many streams.
    """
    last = request.headers.get("Last-Event-ID", "").strip(" \t")
    if not _LAST_EVENT_ID.fullmatch(last):
        # Starting from now instead would silently omit events that the client expects.
        raise Problem("invalid", "Last-Event-ID must be the id of an event of this stream: digits")
    ledger = services().ledger
    # Read once before the response begins, because an error could not be reported later.
    start = int(last) if last else ledger.holdings(player.realm, player.owner).offset
    if not _places.acquire(blocking=False):
        raise unavailable("too many streams are open here", "too_many_streams")
    body = _Stream(ledger, player, start)
    response = Response(body, mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


class _Stream:
    """A response body that gives its place back when the server closes it, whether it was read or not."""

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
        """Give the place back; the WSGI server calls this at the end of the response (PEP 3333)."""
        if not self._closed:
            self._closed = True
            _places.release()


def _chunks(ledger: Ledger, player: Player, last: int) -> Iterator[bytes]:
    ends = time.monotonic() + MAX_SECONDS
    # It has an id although it is not an event: a client that is cut off before the first event resumes here.
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
        return []  # nothing is lost: the next poll begins at the same offset
