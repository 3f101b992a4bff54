"""Computes a realm's ledger from its landed records, with Presto."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from game.events import FENCE, NO_GENERATION
from infra.presto import fetch
from infra.settings import Settings
from stack.operations.reconcile import sql


@dataclass(frozen=True)
class LandedRecords:
    """Counts of a realm's landed records up to an offset.

    ``rows`` counts all rows and ``offsets`` the distinct offsets, so ``rows`` is larger if a record landed twice.
    ``last`` is the highest of these offsets. ``last_event`` is the highest offset of any landed event and may be above
    the limit.
    """

    rows: int
    offsets: int
    last: int
    malformed: int
    last_event: int


@dataclass(frozen=True)
class ArchiveLedger:
    """A realm's ledger after an offset, as Presto computes it.

    ``counts`` has the number of events by outcome. ``justified`` has the offsets of the rejected events that would have
    broken a balance.
    """

    generation: int
    counts: Mapping[str, int]
    balances: Mapping[str, int]
    justified: frozenset[int]


def landed_up_to(settings: Settings, realm: int, offset: int) -> LandedRecords:
    """Count the realm's landed records up to ``offset``. Raises OperatorError if Presto is unreachable."""
    return LandedRecords(*fetch(settings, sql.fill(sql.LANDED, realm, offset)).rows[0])


def first_missing(settings: Settings, realm: int, offset: int) -> int | None:
    """Return the first offset up to ``offset`` that has not landed. Raises OperatorError if Presto is unreachable."""
    rows = fetch(settings, sql.fill(sql.FIRST_MISSING, realm, offset)).rows
    return int(rows[0][0]) if rows else None


def landed_rows(settings: Settings, realm: int, offset: int) -> list[tuple[int, str]]:
    """Return (offset, event id) of every landed event up to ``offset``. Raises OperatorError."""
    return [(row[0], row[1]) for row in fetch(settings, sql.fill(sql.ROWS, realm, offset)).rows]


def effective_fences(settings: Settings, realm: int, offset: int) -> list[int]:
    """Return the offsets of the fences that opened a generation. Raises OperatorError if Presto is unreachable.

    Whether a fence opens a generation may depend on the fences before it. SQL without recursion cannot express this.
    So Python decides; this is fast, because fences are few.
    """
    generation, used_ids, effective = NO_GENERATION, set(), []
    for at, event_id, event_type, written_in in fetch(settings, sql.fill(sql.FENCES, realm, offset)).rows:
        if event_id in used_ids or (event_type != FENCE and written_in != generation):
            continue
        used_ids.add(event_id)
        if event_type == FENCE:
            generation = at
            effective.append(at)
    return effective


def archive_balances(settings: Settings, realm: int, offset: int, rejected: Sequence[int]) -> dict[str, int]:
    """Return the realm's balances after ``offset``.

    ``rejected`` are the offsets that the ledger in Redis rejected; everything else comes from the landed records.
    Accounts at their opening balance are left out, as in Redis. Raises OperatorError if Presto is unreachable.
    """
    fences = effective_fences(settings, realm, offset)
    return dict(fetch(settings, sql.fill(sql.BALANCES, realm, offset, fences, rejected)).rows)


def archive_ledger(settings: Settings, realm: int, offset: int, rejected: Sequence[int]) -> ArchiveLedger:
    """Compute the realm's ledger after ``offset``.

    ``rejected`` are the offsets that the ledger in Redis rejected.

    Raises OperatorError if Presto is unreachable.
    """
    fences = effective_fences(settings, realm, offset)

    def rows(template: str) -> list[tuple[Any, ...]]:
        return fetch(settings, sql.fill(template, realm, offset, fences, rejected)).rows

    return ArchiveLedger(
        generation=fences[-1] if fences else NO_GENERATION,
        counts=dict(rows(sql.COUNTS)),
        balances=dict(rows(sql.BALANCES)),
        justified=frozenset(row[0] for row in rows(sql.JUSTIFIED)) if rejected else frozenset(),
    )
