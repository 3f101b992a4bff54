"""Play the game over HTTP and through faults, and record the history that the checker checks.

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

# Steps until the player registers under a new name. By then the gold is about spent, and most requests are refused.
STEPS_PER_INCARNATION = 25

MAX_TRIES = 6  # of one action; but a registration is retried until it succeeds, because a player cannot act without
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.1, 2.0  # between two tries, whatever Retry-After asks for


@dataclass(slots=True)
class _Player:
    """The present player of a slot.

    Without a ``token`` it is not registered yet. ``etag`` is that of the inventory that was read last.
    """

    slot: PlayerSlot
    incarnation: int = 0
    step: int = 0
    token: str = ""
    etag: str = ""

    def start_next_incarnation(self) -> None:
        self.incarnation, self.step, self.token, self.etag = self.incarnation + 1, 0, "", ""

    def learn(self, action: Action, replies: list[Reply]) -> None:
        """Remember what the next step needs to know of this one."""
        if action.kind == "register":
            self.token = next((str(r.body["token"]) for r in replies if "token" in r.body), "")
            if not self.token:
                self.start_next_incarnation()
        elif action.kind == "depart" and any("id" in r.body for r in replies):
            self.start_next_incarnation()
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
    """Let ``players`` do ``actions`` planned requests in all, rounded up to the same number for each.

    Returns the operations, which are also written to the file. There are more of them than planned requests, because
    of retries and duplicates. Ends early at the deadline. ``progress`` is called with the number of operations that
    have ended, in one call at a time. Without the operator's key most requests get a 429.

    Raises ValueError if the address is not on this machine, and OSError if the file cannot be written.
    """
    if not _is_loopback(url):
        raise ValueError(f"{url} is not this machine: the workload would flood a game that others play")
    run = secrets.token_hex(3)  # the names of an earlier run with the same seed are taken
    everyone = [_Player(slot) for slot in player_slots(seed, run, realms, players)]
    steps = -(-actions // players)
    client = Client(url, operator_key)
    with history_path.open("w", buffering=1) as file, ThreadPoolExecutor(2 * threads) as helpers:
        workload = _Workload(client, helpers, time.monotonic() + deadline_seconds, file, progress)
        with ThreadPoolExecutor(threads) as pool:
            shares = [pool.submit(workload.take_steps, everyone[i::threads], steps) for i in range(threads)]
    client.close()
    for share in shares:
        share.result()
    return workload.operations


def player_slots(seed: int, run: str, realms: int, players: int) -> list[PlayerSlot]:
    """Return this many slots, spread over the realms."""
    peers = [tuple(range(realm, players, realms)) for realm in range(realms)]
    return [PlayerSlot(seed, run, i % realms, i, peers[i % realms]) for i in range(players)]


class _Workload:
    """The state that the threads of a run share. ``helpers`` send the concurrent duplicates of a thread's requests."""

    def __init__(
        self, client: Client, helpers: ThreadPoolExecutor, deadline: float, file: TextIO, progress: Progress
    ) -> None:
        self.operations: list[Operation] = []
        self._client, self._helpers, self._deadline = client, helpers, deadline
        self._file, self._progress, self._lock = file, progress, threading.Lock()

    def take_steps(self, players: list[_Player], steps: int) -> None:
        """Do one thread's part: a step of each of its players, again and again."""
        for _ in range(steps):
            for player in players:
                if self._seconds_left() <= 0:
                    return
                self._take_step(player)

    def _take_step(self, player: _Player) -> None:
        if player.step == STEPS_PER_INCARNATION:
            player.start_next_incarnation()
        player.step += 1
        slot, incarnation = player.slot, player.incarnation
        planned = slot.plan(incarnation, player.step) if player.token else slot.plan_registration(incarnation)
        etag = player.etag if planned.if_unchanged else ""
        key = planned.key or None
        action = Action(slot.realm, slot.name(incarnation), player.token, planned.kind, planned.request, key, etag)
        concurrent = {
            "once": [],
            "sequential_duplicate": [],
            "concurrent_duplicate": [action],
            "concurrent_distinct": [replace(action, key=key and other) for other in planned.further_keys],
        }[planned.delivery]
        futures = [self._helpers.submit(self._retry_until_known, other) for other in concurrent]
        replies = [self._retry_until_known(action), *(future.result() for future in futures)]
        if planned.delivery == "sequential_duplicate":
            replies.append(self._retry_until_known(action))
        player.learn(action, replies)

    def _retry_until_known(self, action: Action) -> Reply:
        """Send with the same key until the outcome is known, and return the last reply."""
        pause = MIN_PAUSE_SECONDS
        for tried in itertools.count(1):
            operations, reply = self._client.attempt(action)
            self._record(operations)
            is_last = action.key is None or (tried >= MAX_TRIES and action.kind != "register")
            if not reply.is_open or is_last or self._seconds_left() <= 0:
                break
            time.sleep(max(0.0, min(max(pause, reply.retry_after), MAX_PAUSE_SECONDS, self._seconds_left())))
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
