"""Play the game over HTTP, even while servers fail, and record the history that the checker reads.

``load.workload.generator`` plans the requests. Several threads send requests for the same player, so that duplicates
arrive at the same time. A request with an unknown outcome is retried with the same key.
"""

import itertools
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from load.loopback import is_loopback
from load.workload import history
from load.workload.client import Action, Client, Reply
from load.workload.generator import PlayerSlot
from load.workload.history import Operation

Progress = Callable[[int], None]

# Number of steps after which the slot registers a new player. By then the gold is almost spent, so that the API refuses
# most requests.
STEPS_PER_INCARNATION = 25

# The maximum number of tries for one action. A registration is retried without this limit, because an unregistered
# player cannot act.
MAX_TRIES = 6

MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.1, 2.0  # limits of the pause between two tries, whatever Retry-After says


@dataclass(slots=True)
class _Player:
    """The player that a slot plays at present.

    ``token`` is empty until the player is registered. ``etag`` is the ETag of the inventory that the player read last.
    """

    slot: PlayerSlot
    incarnation: int = 0
    step: int = 0
    token: str = ""
    etag: str = ""

    def start_next_incarnation(self) -> None:
        self.incarnation, self.step, self.token, self.etag = self.incarnation + 1, 0, "", ""

    def learn(self, action: Action, replies: list[Reply]) -> None:
        """Update the player from the replies to an action, so that the next step can use the result."""
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
    """Let ``players`` players send ``actions`` planned requests in all.

    Each player sends the same number of planned requests, so the total may be rounded up. Playing ends early when
    ``deadline_seconds`` have passed. ``progress`` is called with the number of operations that have ended, and only by
    one thread at a time. Without the operator key, the API responds 429 to most requests.

    Returns the operations, which are also written to ``history_path``. Because of retries and duplicates, there are
    more operations than planned requests.
    Raises ValueError if the URL is not on this machine, and OSError if the file cannot be written.
    """
    if not is_loopback(url):
        raise ValueError(f"{url} is not this machine: the workload would flood a game that others play")
    run = secrets.token_hex(3)  # part of all names, because the names of an earlier run with the same seed are taken
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
    """Return ``players`` slots, distributed evenly over the realms."""
    peers = [tuple(range(realm, players, realms)) for realm in range(realms)]
    return [PlayerSlot(seed, run, i % realms, i, peers[i % realms]) for i in range(players)]


class _Workload:
    """The state that all threads of a run share.

    A thread sends a request itself and lets the thread pool ``helpers`` send the concurrent duplicates.
    """

    def __init__(
        self, client: Client, helpers: ThreadPoolExecutor, deadline: float, file: TextIO, progress: Progress
    ) -> None:
        self.operations: list[Operation] = []
        self._client, self._helpers, self._deadline = client, helpers, deadline
        self._file, self._progress, self._lock = file, progress, threading.Lock()

    def take_steps(self, players: list[_Player], steps: int) -> None:
        """Do the work of one thread: take a step for each of these players in turn, ``steps`` times."""
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
        """Send the action with the same key until its outcome is known, and return the last reply.

        Gives up after MAX_TRIES, except for a registration, or at the deadline. Reads are sent only once.
        """
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
