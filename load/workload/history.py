"""The history of a run: every operation of a client and how it ended, as lines of JSON.

It is written during the run, so that a run that is killed leaves its history up to then.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

#: The type of an operation: a key of ``load.workload.operations.ROUTES``, such as ``buy_sword`` or ``inventory``.
OperationType = str

#: ``success``: 2xx. ``refused``: certainly nothing has happened. ``unknown``: it may have happened, or may yet.
Response = Literal["success", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One attempt of one request by one ``process``, which does one thing at a time.

    ``begun`` and ``ended`` are seconds of a monotonic clock. ``key`` is the Idempotency-Key and ``event_id`` the event
    that the attempt may have caused; reads have neither. ``answer`` is None without a response. Otherwise it contains
    the HTTP ``status``, the ``type`` of the problem or of the event, and what a read returned.
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
    """Return the operations in the order in which they ended.

    Raises OSError, and ValueError or TypeError if the file is not a history.
    """
    with path.open() as file:
        return [Operation(**json.loads(line)) for line in file]
