"""The history of a run: every operation that a client began and how it ended, as lines of JSON.

Written while the run goes on, so that a run that is killed leaves its history up to then.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

OperationType = Literal[
    "register",
    "depart",
    "buy_sword",
    "buy",
    "sell",
    "claim_gold",
    "claim_reward",
    "strike",
    "drink",
    "revive",
    "give",
    "offer_trade",
    "accept_trade",
    "decline_trade",
    "found_guild",
    "enter_guild",
    "join_guild",
    "leave_guild",
    "lead_guild",
    "deposit",
    "pay_out",
    "batch",
    "batch_apart",
    "inventory",
    "history",
]

#: ``success``: 2xx. ``refused``: nothing has happened, for certain. ``unknown``: it may have happened, or may yet.
Response = Literal["success", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One try of one request by one ``process``, which does one thing at a time.

    ``begun`` and ``ended`` are seconds of a monotonic clock. ``key`` is the Idempotency-Key and ``event_id`` the event
    that the try may have caused; reads have neither. ``answer`` is None when none came; otherwise it holds the HTTP
    ``status``, the ``type`` of the problem or of the event, and of a read what was read.
    """

    process: int
    realm: int
    player: str
    kind: OperationType
    key: str | None
    request: dict[str, Any]
    begun: float
    ended: float
    outcome: Response
    event_id: str | None
    answer: dict[str, Any] | None


def write(operation: Operation, file: TextIO) -> None:
    """Add one line to the file. Raises OSError."""
    file.write(json.dumps(asdict(operation)) + "\n")


def read(path: Path) -> list[Operation]:
    """The operations in the order in which they ended. Raises OSError; ValueError or TypeError for another file."""
    with path.open() as file:
        return [Operation(**json.loads(line)) for line in file]
