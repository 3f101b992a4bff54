"""What clients were told, against what the log, the ledger and the archive hold: the set test of the checker."""

from collections import defaultdict
from collections.abc import Iterator

from game.events import Event
from load.checker.check_input import CheckInput, Finding
from load.workload.history import Operation
from load.workload.operations import matches_request


def lost_write(case: CheckInput) -> Iterator[Finding]:
    """What was accepted is settled by the log, and is in the ledger and in the archive."""
    landed = {event_id for _, event_id in case.archive.rows}
    accepted = {o.event_id: o for o in case.operations if o.outcome == "success" and o.event_id}
    for event_id, operation in accepted.items():
        in_log = case.books.statuses.get(event_id, "missing")
        in_ledger = case.ledger.statuses.get(event_id, "missing")
        in_archive = "landed" if event_id in landed else "missing"
        if (in_log, in_ledger, in_archive) != ("settled", "settled", "landed"):
            yield case.finding(
                "lost",
                f"{operation.kind} of {operation.player} was accepted as {event_id}, which is {in_log} by the log, "
                f"{in_ledger} in the ledger and {in_archive} in the archive",
            )


def duplicated_write(case: CheckInput) -> Iterator[Finding]:
    """All tries with one key are one event."""
    events: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for o in case.operations:
        if o.key and o.event_id in case.books.settled:
            events[o.player, o.key].add(o.event_id)
    for (player, key), ids in events.items():
        if len(ids) > 1:
            yield case.finding("doubled", f"key {key} of {player} settled as {len(ids)} events: {_join(ids)}")


def unexpected_effect(case: CheckInput) -> Iterator[Finding]:
    """Whatever is settled was asked for: by a try that was not refused, and in these words."""
    tries = _tries(case)
    for event_id, event in case.books.settled.items():
        asked = [o for o in tries.get(event_id, ()) if o.outcome != "refused"]
        if any(_is_answer(event, operation) for operation in asked):
            continue
        if asked:
            reason = f"not what {asked[0].player} asked: {asked[0].kind} {asked[0].request}"
        else:
            reason = "every try was refused" if event_id in tries else "nobody asked for it"
        yield case.finding("unasked", f"{event.type} of {event.player or 'nobody'} settled as {event_id}: {reason}")


def rejected(case: CheckInput) -> Iterator[Finding]:
    """Our own events are never rejected: the hold has covered them."""
    for event_id, tries in _tries(case).items():
        if case.books.statuses.get(event_id) == "rejected":
            yield case.finding(
                "rejected", f"{tries[0].kind} of {tries[0].player} is in the log as {event_id}, uncovered"
            )


def unresolved(case: CheckInput) -> Iterator[Finding]:
    """In the end nothing is pending and nothing is held."""
    for event_id, status in case.ledger.statuses.items():
        if status == "pending":
            in_log = case.books.statuses.get(event_id, "missing")
            yield case.finding("unresolved", f"{event_id} is pending in the ledger and {in_log} by the log")
    for account, amount in case.ledger.held.items():
        if amount:
            yield case.finding("unresolved", f"{amount} of {account} is still held")


def unexpected_answer(case: CheckInput) -> Iterator[Finding]:
    """Every answer has a documented status: among those that leave the outcome open there is only 503."""
    for o in case.operations:
        if o.outcome == "unknown" and o.answer is not None and o.answer.get("status") != 503:
            yield case.finding("unexpected_answer", f"{o.kind} of {o.player}, key {o.key}, was answered {o.answer}")


def _tries(case: CheckInput) -> dict[str, list[Operation]]:
    tries: defaultdict[str, list[Operation]] = defaultdict(list)
    for operation in case.operations:
        if operation.event_id:
            tries[operation.event_id].append(operation)
    return tries


def _is_answer(event: Event, operation: Operation) -> bool:
    same_player = event.player == operation.player
    return same_player and matches_request(operation.kind, operation.request, event.type, event.details)


def _join(ids: set[str]) -> str:
    return ", ".join(sorted(ids))
