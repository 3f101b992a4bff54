"""Plays the game over HTTP and through faults, and keeps the history that the checker judges.

``load.workload.generator`` plans the requests. Several threads act for one player, and a request with an unknown
outcome is retried with the same key.
"""

import ipaddress
import itertools
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from load.workload import history
from load.workload.client import Action, Client, Reply
from load.workload.generator import PlayerSlot
from load.workload.history import Operation

Progress = Callable[[int], None]

# Then the player registers under a new name: about when the gold is spent, as from then on much is refused.
TURNS_OF_A_LIFE = 25

TRIES = 6  # of one action; but a registration is tried until it works, because nothing can be played without
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0  # between two tries, whatever Retry-After asks


@dataclass(slots=True)
class _Player:
    """Who has a seat now; without a ``token`` not registered yet. ``etag`` is that of the inventory that was read
    last."""

    seat: PlayerSlot
    life: int = 0
    turns: int = 0
    token: str = ""
    etag: str = ""

    def next_life(self) -> None:
        self.life, self.turns, self.token, self.etag = self.life + 1, 0, "", ""

    def learn(self, action: Action, replies: list[Reply]) -> None:
        """What the next turn needs to know of this one."""
        if action.kind == "register":
            self.token = next((str(r.body["token"]) for r in replies if "token" in r.body), "")
            if not self.token:
                self.next_life()
        elif action.kind == "depart" and any("id" in r.body for r in replies):
            self.next_life()
        elif action.kind == "inventory":
            self.etag = replies[0].etag or self.etag


def play(
    url: str,
    realms: int,
    players: int,
    actions: int,
    seed: int,
    history_path: Path,
    threads: int,
    *,
    operator_key: str = "",
    deadline_seconds: float = 600.0,
    progress: Progress = lambda _operations: None,
) -> list[Operation]:
    """Let ``players`` take ``actions`` turns in all, rounded up to the same number for each. Answers the operations,
    more than turns because of contention and repetition, which are also written to the file. Ends early at the
    deadline. ``progress`` is told how many operations have ended, in one call at a time. Without the operator's key
    most of it is answered 429.

    Raises ValueError for an address that is not this machine's; OSError if the file cannot be written.
    """
    if not _is_loopback(url):
        raise ValueError(f"{url} is not this machine: the workload would flood somebody else's game")
    run = secrets.token_hex(3)  # the names of an earlier run with the same seed are taken
    everybody = [_Player(seat) for seat in seats(seed, run, realms, players)]
    turns = -(-actions // players)
    client = Client(url, operator_key)
    with history_path.open("w", buffering=1) as file, ThreadPoolExecutor(2 * threads) as helpers:
        workload = _Workload(client, helpers, time.monotonic() + deadline_seconds, file, progress)
        with ThreadPoolExecutor(threads) as pool:
            shares = [pool.submit(workload.take_turns, everybody[i::threads], turns) for i in range(threads)]
    client.close()
    for share in shares:
        share.result()
    return workload.operations


def seats(seed: int, run: str, realms: int, players: int) -> list[PlayerSlot]:
    """As many seats, spread over the realms."""
    crowds = [tuple(range(realm, players, realms)) for realm in range(realms)]
    return [PlayerSlot(seed, run, i % realms, i, crowds[i % realms]) for i in range(players)]


class _Workload:
    """What the threads of a run share. ``helpers`` act at the same time as the thread that a player belongs to."""

    def __init__(
        self, client: Client, helpers: ThreadPoolExecutor, deadline: float, file: TextIO, progress: Progress
    ) -> None:
        self.operations: list[Operation] = []
        self._client, self._helpers, self._deadline = client, helpers, deadline
        self._file, self._progress, self._lock = file, progress, threading.Lock()

    def take_turns(self, players: list[_Player], turns: int) -> None:
        """One thread's part: each of its players in turn."""
        for _ in range(turns):
            for player in players:
                if self._seconds_left() <= 0:
                    return
                self._turn(player)

    def _turn(self, player: _Player) -> None:
        if player.turns == TURNS_OF_A_LIFE:
            player.next_life()
        player.turns += 1
        wish = player.seat.wish(player.life, player.turns) if player.token else player.seat.first_wish(player.life)
        etag = player.etag if wish.if_unchanged else ""
        name = player.seat.name(player.life)
        action = Action(player.seat.realm, name, player.token, wish.kind, wish.request, wish.key or None, etag)
        others = {
            "once": [],
            "again": [],
            "twice": [action],
            "rush": [replace(action, key=action.key and key) for key in wish.further_keys],
        }[wish.manner]
        helped = [self._helpers.submit(self._insist, other) for other in others]
        replies = [self._insist(action), *(future.result() for future in helped)]
        if wish.manner == "again":
            replies.append(self._insist(action))
        player.learn(action, replies)

    def _insist(self, action: Action) -> Reply:
        """Try with the same key until the outcome is known; answers the last reply."""
        pause = SHORTEST_PAUSE_SECONDS
        for tried in itertools.count(1):
            operations, reply = self._client.attempt(action)
            self._record(operations)
            enough = action.key is None or (tried >= TRIES and action.kind != "register")
            if not reply.is_open or enough or self._seconds_left() <= 0:
                break
            time.sleep(max(0.0, min(max(pause, reply.retry_after), LONGEST_PAUSE_SECONDS, self._seconds_left())))
            pause *= 2
        return reply

    def _record(self, operations: list[Operation]) -> None:
        with self._lock:
            for operation in operations:
                history.write(operation, self._file)
            self.operations += operations
            self._progress(len(self.operations))

    def _seconds_left(self) -> float:
        return self._deadline - time.monotonic()


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
