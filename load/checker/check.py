"""Decides, after a run, whether every promise was kept. Pure: what it judges is gathered elsewhere.

In the manner of Jepsen's set and bank tests: clients have kept a history of what they asked and what they were told;
the log says what became of it; the ledger and the archive must both be the fold of that log. To be asked when all
servers work again and have caught up: a ledger that is still behind its log is a finding.

What it does not see: rules that the log cannot tell (which price was right), time (an answer that came too late), and
what different processes saw one after the other. It is for logs of less than a day, see ``checker.fold``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from load.checker import acknowledgements, convergence, invariants, reads
from load.checker.check_input import Archive, CheckInput, Finding, RealmState
from load.checker.model import Record
from load.workload.history import Operation

__all__ = ["Archive", "Finding", "RealmState", "Record", "check"]

_CHECKS: tuple[Callable[[CheckInput], Iterator[Finding]], ...] = (
    acknowledgements.unexpected_answer,
    acknowledgements.lost_write,
    acknowledgements.duplicated_write,
    acknowledgements.unexpected_effect,
    acknowledgements.rejected,
    acknowledgements.unresolved,
    reads.stale_read,
    reads.inconsistent_history,
    invariants.broken_rules,
    convergence.offset_gap,
    convergence.doubled,
    convergence.negative,
    convergence.status_differs,
    convergence.ledger_differs,
    convergence.archive_differs,
)


def check(
    history: Iterable[Operation],
    log: Mapping[int, Sequence[Record]],
    ledger: Mapping[int, RealmState],
    archive: Mapping[int, Archive],
) -> list[Finding]:
    """All findings, realm by realm; none if all is well. Raises KeyError for a realm that one of them lacks."""
    operations: defaultdict[int, list[Operation]] = defaultdict(list)
    for operation in history:
        operations[operation.realm].append(operation)
    cases = [
        CheckInput(realm, operations[realm], log[realm], ledger[realm], archive[realm])
        for realm in sorted(log.keys() | operations.keys())
    ]
    return [finding for case in cases for judge in _CHECKS for finding in judge(case)]
