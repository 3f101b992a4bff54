"""Server-sent events (WHATWG HTML, 9.2): what is settled for a player, as it happens."""

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

MOST_STREAMS: Final = 24  # of a process: each one has a thread of the server, and others must be left for actions
LONGEST_SECONDS: Final = 300.0  # then the client connects again, so that an abandoned one ends
POLL_SECONDS: Final = 0.2  # settling takes about as long; a finer look would only load Redis
HEARTBEAT_SECONDS: Final = 10.0  # a write is how the server notices that a client has gone
MOST_AT_ONCE: Final = 100  # entries of one look

# Fewer digits than 2**53 has: each number of them is exact in every JSON and in Redis.
_LAST: Final = re.compile("[0-9]{0,15}")

_places = threading.BoundedSemaphore(MOST_STREAMS)


def respond(player: Player) -> Response:
    """The stream of this player, from ``Last-Event-ID`` or from now on. Raises Problem: 422 for an id that is none of
    ours, 503 if there are too many streams."""
    last = request.headers.get("Last-Event-ID", "").strip(" \t")
    if not _LAST.fullmatch(last):
        # To go on from now would be to leave out what the client believes to get.
        raise Problem("invalid", "Last-Event-ID must be the id of an event of this stream: digits")
    ledger = services().ledger
    # The first read is done before the answer begins, as an error could not be told later.
    start = int(last) if last else ledger.holdings(player.realm, player.owner).offset
    if not _places.acquire(blocking=False):
        raise unavailable("too many streams are open here", "too_many_streams")
    body = _Stream(ledger, player, start)
    response = Response(body, mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


class _Stream:
    """Gives its place back when the server closes it, whether it was read or not."""

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
        """Called by the WSGI server at the end of the response (PEP 3333)."""
        if not self._closed:
            self._closed = True
            _places.release()


def _chunks(ledger: Ledger, player: Player, last: int) -> Iterator[bytes]:
    ends = time.monotonic() + LONGEST_SECONDS
    # With an id although it is no event: who is cut off before the first event goes on from here and misses nothing.
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
        return ledger.history_after(player.realm, player.owner, offset, MOST_AT_ONCE)
    except (redis.RedisError, RealmRecovering):
        return []  # it comes back, and nothing is missed: the next look begins at the same offset
