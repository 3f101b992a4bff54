"""Decide after a run whether the system kept all of its promises.

This module does no input or output; ``collect`` gathers what it compares. The method is that of Jepsen's set and bank
tests. Clients recorded a history of their requests and responses, and the log says what became of each request. The
ledger and the archive must both equal the model that is computed from the log. Call ``check`` only when all servers
work again and have caught up, because a ledger that is behind the log is a finding.

The checker cannot see three kinds of mistakes. The first kind concerns facts that the log does not record, such as
whether a price was right. The second kind concerns time, such as a response that came too late. The third kind is a
wrong order in which different processes saw something. The checker supports only logs that span less than a day;
``load.checker.model`` explains why.
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
    """Return all findings, realm by realm; the list is empty if all promises were kept.

    Raises KeyError if ``log``, ``ledger`` or ``archive`` lacks a realm that occurs in ``history`` or ``log``.
    """
    operations: defaultdict[int, list[Operation]] = defaultdict(list)
    for operation in history:
        operations[operation.realm].append(operation)
    inputs = [
        CheckInput(realm, operations[realm], log[realm], ledger[realm], archive[realm])
        for realm in sorted(log.keys() | operations.keys())
    ]
    return [finding for check_input in inputs for run in _CHECKS for finding in run(check_input)]
