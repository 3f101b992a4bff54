"""Compare the model of the log with the state in Redis and in Presto, like Jepsen's bank test."""

from collections import Counter
from collections.abc import Iterator, Mapping, Set

from game.accounts import is_house, opening_balance
from load.checker.check_input import CheckInput, Finding
from load.checker.model import STALE, effect


def offset_gap(check_input: CheckInput) -> Iterator[Finding]:
    """Find an offset that is missing in the log, and a ledger that has not settled exactly to the end of the log."""
    for expected, record in enumerate(check_input.records):
        if record.offset != expected:
            yield check_input.finding("offset_gap", f"the log has offset {record.offset} where {expected} is expected")
            break
    if check_input.ledger.offset != check_input.model.offset:
        yield check_input.finding(
            "offset_gap",
            f"the ledger stands at offset {check_input.ledger.offset}, the log ends at {check_input.model.offset}",
        )


def ledger_differs(check_input: CheckInput) -> Iterator[Finding]:
    """Find accounts whose balance in Redis differs from their balance in the model."""
    for account, expected, found in _differences(check_input.model.balances, check_input.ledger.balances):
        yield check_input.finding("ledger_differs", f"{account} is {expected} by the log and {found} in the ledger")


def archive_differs(check_input: CheckInput) -> Iterator[Finding]:
    """Find accounts whose balance in Presto differs from the model, and events in only one of log and archive."""
    for account, expected, found in _differences(check_input.model.balances, check_input.archive.balances):
        yield check_input.finding("archive_differs", f"{account} is {expected} by the log and {found} in the archive")
    logged = {(offset, event.id) for offset, event in check_input.model.events}
    landed = set(check_input.archive.rows)
    for offset, event_id in sorted(logged - landed):
        yield check_input.finding("archive_differs", f"{event_id} at offset {offset} has not landed")
    for offset, event_id in sorted(landed - logged):
        yield check_input.finding("archive_differs", f"{event_id} at offset {offset} has landed and is not in the log")


def duplicated_effect(check_input: CheckInput) -> Iterator[Finding]:
    """Find rows that landed twice, and wrong balances that look as if an event was applied twice."""
    for (offset, event_id), count in Counter(check_input.archive.rows).items():
        if count > 1:
            yield check_input.finding("duplicated_write", f"{event_id} at offset {offset} has landed {count} times")
    in_ledger = {event_id for event_id, status in check_input.ledger.statuses.items() if status == "settled"}
    in_archive = set(check_input.model.settled)
    for place, balances, settled in (
        ("ledger", check_input.ledger.balances, in_ledger),
        ("archive", check_input.archive.balances, in_archive),
    ):
        for event_id in _applied_twice(check_input, balances, settled):
            yield check_input.finding("duplicated_write", f"the {place} looks as if {event_id} was applied twice")


def negative(check_input: CheckInput) -> Iterator[Finding]:
    """Find accounts with a balance below zero, except for the house's accounts.

    Only the ledger and the archive are searched, because the model rejects events that no balance covers.
    """
    for place, balances in (("ledger", check_input.ledger.balances), ("archive", check_input.archive.balances)):
        for account, balance in balances.items():
            if balance < 0 and not is_house(account):
                yield check_input.finding("negative", f"{account} is {balance} in the {place}")


def status_differs(check_input: CheckInput) -> Iterator[Finding]:
    """Find events whose status in the ledger differs from their status in the model.

    The kind of the finding is ``status_conflict`` if one of ledger and model settled the event and the other voided it.
    """
    expected_statuses, found_statuses = check_input.model.statuses, check_input.ledger.statuses
    for event_id in sorted(expected_statuses.keys() | found_statuses.keys()):
        expected, found = expected_statuses.get(event_id), found_statuses.get(event_id)
        if found == "pending":
            continue  # the check ``unresolved`` reports pending events
        if expected == STALE:
            # The ledger says "voided" for stale events, too. Only the model distinguishes them, because the id of a
            # stale event may be used again.
            expected = "voided"
        if {expected, found} == {"settled", "voided"}:
            yield check_input.finding(
                "status_conflict", f"{event_id} is {expected} by the log and {found} in the ledger"
            )
        elif expected != found:
            yield check_input.finding(
                "status_differs",
                f"{event_id} is {expected or 'missing'} by the log and {found or 'missing'} in the ledger",
            )


def _differences(expected: Mapping[str, int], found: Mapping[str, int]) -> Iterator[tuple[str, int, int]]:
    for account in sorted(expected.keys() | found.keys()):
        opening = opening_balance(account)
        pair = expected.get(account, opening), found.get(account, opening)
        if pair[0] != pair[1]:
            yield account, *pair


def _applied_twice(check_input: CheckInput, balances: Mapping[str, int], settled: Set[str]) -> Iterator[str]:
    """Yield the ids of events that may have been applied twice to these balances.

    An event may have been applied twice if every account that it changes deviates from the model in the same direction
    and by at least the same amount. If several events have the same effect, the earliest of them is yielded, whichever
    was really applied twice. ``settled`` are the ids that this ledger or archive settled. Those that the model did not
    settle are subtracted first, because they explain a deviation without a double effect.
    """
    model = check_input.model
    excess = Counter({a: found - expected for a, expected, found in _differences(model.balances, balances)})
    moving = {event.id: event for _, event in model.events if event.transfers}
    only_here = [event for event in moving.values() if event.id in settled - model.settled.keys()]
    for event in (*only_here, *model.settled.values()):
        # The house's accounts are left out. Events of all players change them, so that opposite deviations could
        # cancel out there.
        changes = {account: by for account, by in effect(event).items() if by and not is_house(account)}
        if changes and all(_contains(excess[account], by) for account, by in changes.items()):
            excess.subtract(changes)
            if event.id in model.settled:
                yield event.id


def _contains(excess: int, by: int) -> bool:
    return excess * by > 0 and abs(excess) >= abs(by)
