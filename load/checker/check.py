"""Decide after a run whether every promise was kept. This module is pure: ``collect`` gathers its input.

The method is that of Jepsen's set and bank tests. Clients kept a history of their requests and responses. The log says
what became of each request. The ledger and the archive must both equal the model that is computed from that log. Call
it when all servers work again and have caught up, because a ledger behind its log is a finding.

The checker cannot see rules that the log does not record (whether a price was right), time (a response that came too
late), and the order in which different processes saw something. It supports logs of less than a day: see
``load.checker.model``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from load.checker import acknowledgements, convergence, invariants, reads
from load.checker.check_input import Archive, CheckInput, Finding, RealmState
from load.checker.model import Record
from load.workload.history import Operation

__all__ = ["Archive", "Finding", "RealmState", "Record", "check"]

_CHECKS: tuple[Callable[[CheckInput], Iterator[Finding]], ...] = (
    acknowledgements.unexpected_response,
    acknowledgements.lost_write,
    acknowledgements.duplicated_write,
    acknowledgements.unexpected_effect,
    acknowledgements.rejected,
    acknowledgements.unresolved,
    reads.stale_read,
    reads.inconsistent_history,
    invariants.broken_rules,
    convergence.offset_gap,
    convergence.duplicated_effect,
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
    """Return all findings, realm by realm; an empty list means that all promises were kept.

    Raises KeyError if ``ledger``, ``archive`` or the log lacks a realm.
    """
    operations: defaultdict[int, list[Operation]] = defaultdict(list)
    for operation in history:
        operations[operation.realm].append(operation)
    inputs = [
        CheckInput(realm, operations[realm], log[realm], ledger[realm], archive[realm])
        for realm in sorted(log.keys() | operations.keys())
    ]
    return [finding for check_input in inputs for run in _CHECKS for finding in run(check_input)]
