"""Compare the responses that clients got with the log, the ledger and the archive, like Jepsen's set test."""

from collections import defaultdict
from collections.abc import Iterator

from game.events import Event
from load.checker.check_input import CheckInput, Finding
from load.workload.history import Operation
from load.workload.operations import matches_request


def lost_write(check_input: CheckInput) -> Iterator[Finding]:
    """Find accepted events that did not settle according to the log or the ledger, or that have not landed."""
    landed = {event_id for _, event_id in check_input.archive.rows}
    accepted = {o.event_id: o for o in check_input.operations if o.outcome == "success" and o.event_id}
    for event_id, operation in accepted.items():
        in_log = check_input.model.statuses.get(event_id, "missing")
        in_ledger = check_input.ledger.statuses.get(event_id, "missing")
        in_archive = "landed" if event_id in landed else "missing"
        if (in_log, in_ledger, in_archive) != ("settled", "settled", "landed"):
            yield check_input.finding(
                "lost_write",
                f"{operation.kind} of {operation.player} was accepted as {event_id}, which is {in_log} by the log, "
                f"{in_ledger} in the ledger and {in_archive} in the archive",
            )


def duplicated_write(check_input: CheckInput) -> Iterator[Finding]:
    """Find idempotency keys under which more than one event settled."""
    events: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for o in check_input.operations:
        if o.key and o.event_id in check_input.model.settled:
            events[o.player, o.key].add(o.event_id)
    for (player, key), ids in events.items():
        if len(ids) > 1:
            yield check_input.finding(
                "duplicated_write", f"key {key} of {player} settled as {len(ids)} events: {_join(ids)}"
            )


def unexpected_effect(check_input: CheckInput) -> Iterator[Finding]:
    """Find settled events that no client asked for.

    An event is expected if some attempt asked for exactly this event and the API did not refuse that attempt.
    """
    attempts_by_event = _attempts_by_event(check_input)
    for event_id, event in check_input.model.settled.items():
        attempts = attempts_by_event.get(event_id, [])
        possible = [o for o in attempts if o.outcome != "refused"]
        if any(_is_effect_of(event, operation) for operation in possible):
            continue
        if possible:
            first = possible[0]
            reason = f"this is not what {first.player} asked for: {first.kind} {first.request}"
        else:
            reason = "every attempt was refused" if attempts else "no client asked for it"
        yield check_input.finding(
            "unexpected_effect", f"{event.type} of {event.player or 'no player'} settled as {event_id}: {reason}"
        )


def rejected(check_input: CheckInput) -> Iterator[Finding]:
    """Find events that clients requested and settling rejected; their holds should have made that impossible."""
    for event_id, attempts in _attempts_by_event(check_input).items():
        if check_input.model.statuses.get(event_id) == "rejected":
            first = attempts[0]
            yield check_input.finding(
                "rejected", f"{first.kind} of {first.player} is in the log as {event_id}, but no balance covers it"
            )


def unresolved(check_input: CheckInput) -> Iterator[Finding]:
    """Find events that are still pending and amounts that are still held at the end of the run."""
    for event_id, status in check_input.ledger.statuses.items():
        if status == "pending":
            in_log = check_input.model.statuses.get(event_id, "missing")
            yield check_input.finding("unresolved", f"{event_id} is pending in the ledger and {in_log} by the log")
    for account, amount in check_input.ledger.held.items():
        if amount:
            yield check_input.finding("unresolved", f"{amount} of {account} is still held")


def unexpected_response(check_input: CheckInput) -> Iterator[Finding]:
    """Find responses other than 503 that leave the outcome unknown; the API documents no such response."""
    for o in check_input.operations:
        if o.outcome == "unknown" and o.answer is not None and o.answer.get("status") != 503:
            yield check_input.finding(
                "unexpected_response", f"{o.kind} of {o.player}, key {o.key}, got the response {o.answer}"
            )


def _attempts_by_event(check_input: CheckInput) -> dict[str, list[Operation]]:
    attempts: defaultdict[str, list[Operation]] = defaultdict(list)
    for operation in check_input.operations:
        if operation.event_id:
            attempts[operation.event_id].append(operation)
    return attempts


def _is_effect_of(event: Event, operation: Operation) -> bool:
    same_player = event.player == operation.player
    return same_player and matches_request(operation.kind, operation.request, event.type, event.details)


def _join(ids: set[str]) -> str:
    return ", ".join(sorted(ids))
