"""The fold of the log, against the books in Redis and in Presto: the bank test of the checker."""

from collections import Counter
from collections.abc import Iterator, Mapping, Set

from game.accounts import is_house, opening_balance
from load.checker.check_input import CheckInput, Finding
from load.checker.model import STALE, effect


def offset_gap(case: CheckInput) -> Iterator[Finding]:
    """The log is whole from offset 0 on, and the ledger stands at its end."""
    for expected, record in enumerate(case.records):
        if record.offset != expected:
            yield case.finding("offset_gap", f"the log has offset {record.offset} where {expected} is due")
            break
    if case.ledger.offset != case.books.offset:
        yield case.finding(
            "offset_gap", f"the ledger stands at offset {case.ledger.offset}, the log ends at {case.books.offset}"
        )


def ledger_differs(case: CheckInput) -> Iterator[Finding]:
    """Redis is the fold of the log, account by account."""
    for account, due, found in _differences(case.books.balances, case.ledger.balances):
        yield case.finding("ledger_differs", f"{account} is {due} by the log and {found} in the ledger")


def archive_differs(case: CheckInput) -> Iterator[Finding]:
    """Presto computes the fold of the log, and has landed exactly its events."""
    for account, due, found in _differences(case.books.balances, case.archive.balances):
        yield case.finding("archive_differs", f"{account} is {due} by the log and {found} in the archive")
    logged, landed = {(offset, event.id) for offset, event in case.books.events}, set(case.archive.rows)
    for offset, event_id in sorted(logged - landed):
        yield case.finding("archive_differs", f"{event_id} at offset {offset} has not landed")
    for offset, event_id in sorted(landed - logged):
        yield case.finding("archive_differs", f"{event_id} at offset {offset} has landed and is not in the log")


def doubled(case: CheckInput) -> Iterator[Finding]:
    """No row lands twice, and no difference of the books looks as if an event had been applied twice."""
    for (offset, event_id), count in Counter(case.archive.rows).items():
        if count > 1:
            yield case.finding("doubled", f"{event_id} at offset {offset} has landed {count} times")
    in_ledger = {event_id for event_id, status in case.ledger.statuses.items() if status == "settled"}
    for event_id in _applied_twice(case, case.ledger.balances, in_ledger):
        yield case.finding("doubled", f"the ledger looks as if {event_id} had been applied twice")
    for event_id in _applied_twice(case, case.archive.balances, set(case.books.settled)):
        yield case.finding("doubled", f"the archive looks as if {event_id} had been applied twice")


def negative(case: CheckInput) -> Iterator[Finding]:
    """No balance but the house's is below zero. (The fold cannot be: what is not covered is rejected there.)"""
    for place, balances in (("ledger", case.ledger.balances), ("archive", case.archive.balances)):
        for account, balance in balances.items():
            if balance < 0 and not is_house(account):
                yield case.finding("negative", f"{account} is {balance} in the {place}")


def status_differs(case: CheckInput) -> Iterator[Finding]:
    """The ledger says of each event what the log says; ``both`` is an event that one settled and the other voided."""
    for event_id in sorted(case.books.statuses.keys() | case.ledger.statuses.keys()):
        due, found = case.books.statuses.get(event_id), case.ledger.statuses.get(event_id)
        if found == "pending":
            continue  # that is "unresolved"
        if due == STALE:
            due = "voided"  # the ledger has one word for both; only the fold says which ids are used up
        if {due, found} == {"settled", "voided"}:
            yield case.finding("both", f"{event_id} is {due} by the log and {found} in the ledger")
        elif due != found:
            yield case.finding(
                "status_differs", f"{event_id} is {due or 'missing'} by the log and {found or 'missing'} in the ledger"
            )


def _differences(due: Mapping[str, int], found: Mapping[str, int]) -> Iterator[tuple[str, int, int]]:
    for account in sorted(due.keys() | found.keys()):
        opening = opening_balance(account)
        pair = due.get(account, opening), found.get(account, opening)
        if pair[0] != pair[1]:
            yield account, *pair


def _applied_twice(case: CheckInput, balances: Mapping[str, int], settled: Set[str]) -> Iterator[str]:
    """Ids of events whose effect is contained, with its sign, in what the players' and guilds' accounts have too much.

    Of several events with the same effect the earliest stands for the one that was really applied twice. Events that
    only this side has ``settled`` come first, because they explain a difference without anything applied twice.
    """
    excess = Counter({a: found - due for a, due, found in _differences(case.books.balances, balances)})
    moving = {event.id: event for _, event in case.books.events if event.transfers}
    only_here = [event for event in moving.values() if event.id in settled - case.books.settled.keys()]
    for event in (*only_here, *case.books.settled.values()):
        # The house takes part in everybody's events, so that opposite differences could cancel out there.
        moved = {account: by for account, by in effect(event).items() if by and not is_house(account)}
        if moved and all(_contains(excess[account], by) for account, by in moved.items()):
            excess.subtract(moved)
            if event.id in case.books.settled:
                yield event.id


def _contains(excess: int, by: int) -> bool:
    return excess * by > 0 and abs(excess) >= abs(by)
