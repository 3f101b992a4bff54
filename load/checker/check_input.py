"""Define what the checker reads (``CheckInput``) and what it reports (``Finding``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from load.checker.model import ModelLedger, Record, fold
from load.workload.history import Operation


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise.

    Programs may rely on ``kind``, which does not change. ``detail`` is a text for people that names ids and accounts.
    """

    kind: str
    realm: int
    detail: str


@dataclass(frozen=True, slots=True)
class RealmState:
    """The state of a realm in Redis: settled and held balances by account, and statuses by event id.

    It leaves out accounts at their opening balance, and event ids that Redis does not know.
    """

    offset: int
    balances: Mapping[str, int]
    held: Mapping[str, int]
    statuses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Archive:
    """The state of a realm in Presto: the balances that SQL computes, and (offset, event id) of every landed row.

    The rows are a sequence and not a set, so that the checker can see a row that landed twice.
    """

    balances: Mapping[str, int]
    rows: Sequence[tuple[int, str]]


@dataclass(frozen=True)
class CheckInput:
    """Everything that is known about one realm, and the model computed from the realm's log."""

    realm: int
    operations: Sequence[Operation]
    records: Sequence[Record]
    ledger: RealmState
    archive: Archive
    model: ModelLedger = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", fold(self.realm, self.records))

    def finding(self, kind: str, detail: str) -> Finding:
        """Return a finding in this realm."""
        return Finding(kind, self.realm, detail)
