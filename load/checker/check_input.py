"""What the checker judges and what it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from load.checker.model import ModelLedger, Record, fold
from load.workload.history import Operation


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise. ``kind`` is stable, for programs; ``detail`` names ids and accounts, for people."""

    kind: str
    realm: int
    detail: str


@dataclass(frozen=True, slots=True)
class RealmState:
    """A realm in Redis: balances and holds by account, and what became of the events that were asked about.
    Accounts at their opening balance and ids that Redis does not know are left out."""

    offset: int
    balances: Mapping[str, int]
    held: Mapping[str, int]
    statuses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Archive:
    """A realm in Presto: the balances that SQL computes, and (offset, event id) of every landed row. Rows are a
    sequence and not a set, as a row that landed twice must show."""

    balances: Mapping[str, int]
    rows: Sequence[tuple[int, str]]


@dataclass(frozen=True)
class CheckInput:
    """All that is known of one realm, with the books that its log gives."""

    realm: int
    operations: Sequence[Operation]
    records: Sequence[Record]
    ledger: RealmState
    archive: Archive
    books: ModelLedger = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "books", fold(self.realm, self.records))

    def finding(self, kind: str, detail: str) -> Finding:
        """A finding in this realm."""
        return Finding(kind, self.realm, detail)
