"""Plays the game from a seed, over HTTP and through faults, and keeps the history that the checker judges.

Each player decides by random numbers of their own, so that a seed gives the same wishes however threads interleave;
what the server makes of them differs from run to run. Contention is the point: players want more than they can pay,
the players of a realm want the same guild, and several threads act for one player.
"""

import ipaddress
import itertools
import random
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TextIO
from urllib.parse import urlsplit

from game import catalogue
from load.checker import history
from load.checker.client import Action, Client, Reply
from load.checker.history import Kind, Operation

Progress = Callable[[int], None]
Manner = Literal["once", "twice", "again", "rush"]

# How often, of 100. There are so many reads because each is checked against the log.
_KINDS: dict[Kind, int] = {"buy_sword": 40, "claim_gold": 5, "join_guild": 15, "leave_guild": 15, "inventory": 25}

# How often, of 100, an action is done once; twice at the same time with one key; again after it has ended, with the
# same key; or thrice at the same time with different keys.
_MANNERS: dict[Manner, int] = {"once": 70, "twice": 10, "again": 10, "rush": 10}

# Then the player registers under a new name: about when the gold is spent, as from then on nearly all is refused.
TURNS_OF_A_LIFE = 25

TRIES = 6  # of one action; but a registration is tried until it works, because nothing can be played without
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0  # between two tries, whatever Retry-After asks


@dataclass(slots=True)
class _Player:
    """One player after another, in the same place; without a ``token`` the present one is not registered yet."""

    number: int
    run: str
    realm: int
    rng: random.Random
    life: int = 0
    turns: int = 0
    token: str = ""

    @property
    def name(self) -> str:
        return f"p{self.number}_{self.run}_{self.life}"

    def next_life(self) -> None:
        self.life, self.turns, self.token = self.life + 1, 0, ""

    def wish(self) -> Action:
        """What the player wants next."""
        kind: Kind = self.rng.choices(list(_KINDS), list(_KINDS.values()))[0] if self.token else "register"
        key = None if kind == "inventory" else self.new_key()
        return Action(self.realm, self.name, self.token, kind, self._request(kind), key)

    def manner(self) -> Manner:
        return self.rng.choices(list(_MANNERS), list(_MANNERS.values()))[0]

    def new_key(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def _request(self, kind: Kind) -> dict[str, Any]:
        match kind:
            case "register":
                return {"realm": self.realm, "name": self.name}
            case "buy_sword":
                return {"sword": self.rng.choice(list(catalogue.SWORDS))}
            case "join_guild":
                # One guild of a realm for all lives of the same number: everybody wants its charter and its seats.
                return {"guild": f"g{self.life}_{self.run}"}
        return {}


def play(
    url: str,
    realms: int,
    players: int,
    actions: int,
    seed: int,
    history_path: Path,
    threads: int,
    *,
    deadline_seconds: float = 600.0,
    progress: Progress = lambda _operations: None,
) -> list[Operation]:
    """Let ``players`` take ``actions`` turns in all, rounded up to the same number for each. Answers the operations,
    more than turns because of contention and repetition, which are also written to the file. Ends early at the
    deadline. ``progress`` is told how many operations have ended, in one call at a time.

    Raises ValueError for an address that is not this machine's; OSError if the file cannot be written.
    """
    if not _is_loopback(url):
        raise ValueError(f"{url} is not this machine: the workload would flood somebody else's game")
    run = secrets.token_hex(3)  # the names of an earlier run with the same seed are taken
    everybody = [
        _Player(i, run, i % realms, random.Random(f"{seed}:{i}"))  # noqa: S311 - repeatable, and no secret
        for i in range(players)
    ]
    turns = -(-actions // players)
    client = Client(url)
    with history_path.open("w", buffering=1) as file, ThreadPoolExecutor(2 * threads) as helpers:
        workload = _Workload(client, helpers, time.monotonic() + deadline_seconds, file, progress)
        with ThreadPoolExecutor(threads) as pool:
            shares = [pool.submit(workload.take_turns, everybody[i::threads], turns) for i in range(threads)]
    client.close()
    for share in shares:
        share.result()
    return workload.operations


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
        action, manner = player.wish(), player.manner()
        others = {
            "once": [],
            "again": [],
            "twice": [action],
            "rush": [replace(action, key=action.key and player.new_key()) for _ in range(2)],
        }[manner]
        helped = [self._helpers.submit(self._insist, other) for other in others]
        replies = [self._insist(action), *(future.result() for future in helped)]
        if manner == "again":
            replies.append(self._insist(action))
        if action.kind == "register":
            player.token = next((str(r.body["token"]) for r in replies if "token" in r.body), "")
            if not player.token:
                player.next_life()

    def _insist(self, action: Action) -> Reply:
        """Try with the same key until the outcome is known; answers the last reply."""
        pause = SHORTEST_PAUSE_SECONDS
        for tried in itertools.count(1):
            operation, reply = self._client.attempt(action)
            self._record(operation)
            enough = action.key is None or (tried >= TRIES and action.kind != "register")
            if not reply.is_open or enough or self._seconds_left() <= 0:
                break
            time.sleep(max(0.0, min(max(pause, reply.retry_after), LONGEST_PAUSE_SECONDS, self._seconds_left())))
            pause *= 2
        return reply

    def _record(self, operation: Operation) -> None:
        with self._lock:
            history.write(operation, self._file)
            self.operations.append(operation)
            self._progress(len(self.operations))

    def _seconds_left(self) -> float:
        return self._deadline - time.monotonic()


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
