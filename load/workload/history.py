"""Write and read the history of a run: every operation by a client and how it ended, one JSON object a line.

The history is written during the run. So if the run is killed, the file has all operations that ended before.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

#: The type of an operation: a key of ``load.workload.operations.ROUTES``, such as ``buy_sword`` or ``inventory``.
OperationType = str

#: ``success``: the status was 2xx. ``refused``: the attempt certainly has no effect. ``unknown``: the attempt may have
#: had its effect, or may still have it later.
Response = Literal["success", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One attempt to send one request. A ``process`` is a client that sends one request at a time.

    ``begun`` and ``ended`` are seconds of a monotonic clock. ``key`` is the Idempotency-Key, and ``event_id`` is the id
    of the event that the attempt may have caused. Both are None for reads. ``answer`` is None if there was no response.
    Otherwise it contains the HTTP ``status``, the ``type`` of the problem or of the event, and what a read returned.
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
    """Append the operation to the file as one line. Raises OSError if that fails."""
    file.write(json.dumps(asdict(operation)) + "\n")


def read(path: Path) -> list[Operation]:
    """Return the operations in the file, in the order in which they ended.

    Raises OSError if the file cannot be read, and ValueError or TypeError if it is not a history.
    """
    with path.open() as file:
        return [Operation(**json.loads(line)) for line in file]
