"""What players saw: each read is the state of the log at one offset, and no client sees time run backwards."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from load.checker.case import Case, Finding
from load.checker.fold import Books
from load.checker.history import Operation

# Accounts that the API does not show.
_HIDDEN = frozenset({"vacancy", "claim_day"})


def stale_read(case: Case) -> Iterator[Finding]:
    """Every read equals the fold at the read's offset, and successive reads of a process do not go back."""
    reads = [(o, o.answer) for o in case.operations if o.kind == "inventory" and o.outcome == "success" and o.answer]
    yield from _backwards(case, reads)
    at_offset: defaultdict[int, list[tuple[Operation, dict[str, Any]]]] = defaultdict(list)
    for operation, answer in reads:
        at_offset[answer["offset"]].append((operation, answer))
    books = Books(case.realm)
    for record in case.records:
        books.apply(record)
        for operation, answer in at_offset.pop(record.offset, ()):
            yield from _differences(case, books, operation, answer)
    for offset, beyond in at_offset.items():
        yield case.finding("stale_read", f"{beyond[0][0].player} read offset {offset}, which the log does not have")


def _backwards(case: Case, reads: list[tuple[Operation, dict[str, Any]]]) -> Iterator[Finding]:
    # The offset is the realm's, so that it may not go back from one player to another either.
    last: dict[int, int] = {}
    for operation, answer in sorted(reads, key=lambda read: read[0].begun):
        before, offset = last.get(operation.process, -1), answer["offset"]
        if offset < before:
            detail = f"process {operation.process} read {operation.player} at offset {offset} after offset {before}"
            yield case.finding("stale_read", detail)
        last[operation.process] = offset


def _differences(case: Case, books: Books, operation: Operation, answer: dict[str, Any]) -> Iterator[Finding]:
    owner = f"player:{operation.player}:"
    due = {a.removeprefix(owner): n for a, n in books.balances.items() if a.startswith(owner)}
    found = {name: amounts["settled"] for name, amounts in answer["accounts"].items()}
    for name in sorted((due.keys() | found.keys()) - _HIDDEN):
        if due.get(name, 0) != found.get(name, 0):
            yield case.finding(
                "stale_read",
                f"{owner}{name} was {due.get(name, 0)} at offset {books.offset} and was read as {found.get(name, 0)}",
            )
