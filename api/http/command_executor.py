"""Execute commands: recognise retries, let the rules decide, commit the decision, and respond.

``execute`` runs a command until its event is in the log. ``respond`` turns the result of ``execute`` into an HTTP
response. The module api/backend/group_commit.py lists the steps of a commit and the threads that run these steps.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Response, current_app, jsonify, request

from api.backend.group_commit import Accepted, NotAccepted, Result
from api.backend.settlement_waiter import TooManyWaiting, preferred_wait
from api.backend.tokens import Player
from api.http.context import decision_context
from api.http.idempotency import Key
from api.http.preconditions import required_holdings
from api.http.services import services
from api.problems.problems import Problem, to_problem, unavailable
from game.commands import Decide
from game.decision import Decision, RuleViolation, shortfall
from game.events import encode, event_id_of, new_event
from state.results import (
    AlreadyExists,
    AttemptInProgress,
    ConditionFailed,
    EventStatus,
    InsufficientBalance,
    NotRetryable,
    OwnerBalances,
    PreconditionFailed,
    Recovering,
    Reservation,
    RetryRequest,
)

IN_USE_RETRY_SECONDS: Final = 1  # another attempt with the same key usually ends within milliseconds

# How often the rules may decide on one command. They decide again if the state changes between a decision and its hold.
# Three decisions are enough, unless a player changes the state on purpose.
MAX_DECISIONS: Final = 3


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The event that resulted from a command.

    ``is_replay`` is true if an earlier request with the same key already created the event.
    """

    player: Player
    event_id: str
    status: EventStatus
    is_replay: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """Return the event as the API shows it."""
        return {
            "id": self.event_id,
            "status": self.status.status,
            "type": self.status.type,
            "realm": self.player.realm,
            "player": self.player.name,
            "offset": self.status.offset,
            "details": self.status.details,
        }


def execute(decide: Decide, player: Player, key: Key | None) -> CommandResult:
    """Execute a command of the player, at most once for each key. Blocks until its event is in the log.

    A request with a known key gets the result of the first request with that key. For a new request, the rules decide
    and the decision is committed. If the state changes between the decision and its hold, the rules decide again.
    Raises RuleViolation if the rules do not allow the command. Raises Problem if the command was not accepted for
    another reason or if its outcome is unknown.
    """
    event_id = event_id_of(player.realm, player.name, key.value) if key else str(uuid.uuid4())
    call = _Call(player, key, event_id, required_holdings(player))
    if earlier := _earlier_status(call):
        return _replay(call, earlier)
    try:
        for _ in range(MAX_DECISIONS):
            result = _commit(call, decide(decision_context(player, event_id)))
            if not isinstance(result, ConditionFailed):
                break
    except RuleViolation:
        # The client may have sent the same request twice at the same time. The other attempt may have succeeded and
        # changed the state, so that the rules now reject the command.
        if earlier := _earlier_status(call):
            return _replay(call, earlier)
        raise
    return _to_result(call, result)


def respond(result: CommandResult, **members: object) -> Response:
    """Return the response for an accepted command, after the waiting time that the header ``Prefer`` asks for.

    ``members`` are added to the body. Raises Problem if the event becomes voided or rejected during the wait.
    """
    response = jsonify(result.body | members)
    response.status_code = HTTPStatus.ACCEPTED
    response.headers["Location"] = f"/events/{result.event_id}"
    if result.is_replay:
        response.headers["Idempotency-Replayed"] = "true"
    seconds = preferred_wait(request.headers.get("Prefer"))
    if seconds is None:
        return response
    try:
        is_settled = _wait_until_settled(result, seconds)
    except TooManyWaiting:
        return response
    if is_settled:
        response.set_data(current_app.json.dumps(response.get_json() | {"status": "settled"}) + "\n")
        response.status_code = HTTPStatus.OK
    response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


@dataclass(frozen=True, slots=True)
class _Call:
    """The arguments of one call of ``execute``.

    ``required`` contains the balances that must not change before the hold, or None if they may change.
    """

    player: Player
    key: Key | None
    event_id: str
    required: OwnerBalances | None


def _earlier_status(call: _Call) -> EventStatus | None:
    status = services().ledger.event(call.player.realm, call.event_id) if call.key else None
    return None if status is None or status.is_retryable else status


def _commit(call: _Call, decision: Decision) -> Result:
    event = new_event(
        event_id=call.event_id,
        event_type=decision.type,
        realm=call.player.realm,
        player=call.player.name,
        at=datetime.now(UTC),
        request=call.key.fingerprint if call.key else "",
        details=decision.details,
        transfers=decision.transfers,
    )
    draft = encode(event).decode() if call.key else ""
    reservation = Reservation(call.event_id, event.realm, event.player, decision, event.request, draft, call.required)
    return services().commit.commit(reservation, event)


def _replay(call: _Call, status: EventStatus) -> CommandResult:
    """Return the result of the earlier request with the same key.

    If the event of that request is pending, append the event again, because it may not be in the log.
    """
    if call.key is None or status.request != call.key.fingerprint:
        detail = "this Idempotency-Key was used for another request before: use a new one"
        raise Problem("idempotency_key_reused", detail)
    if status.status == "pending":
        result = services().commit.resume(RetryRequest(call.event_id, call.player.realm))
        return _to_result(call, result, is_replay=True)
    if status.status == "settled":
        return CommandResult(call.player, call.event_id, status, is_replay=True)
    raise _did_not_happen(call.event_id, status)


def _to_result(call: _Call, result: Result, *, is_replay: bool = False) -> CommandResult:
    match result:
        case Accepted(offset, event):
            status = EventStatus("pending", offset, event.type, event.player, event.request, event.details)
            return CommandResult(call.player, call.event_id, status, is_replay)
        case AlreadyExists(status):
            return _replay(call, status)
        case InsufficientBalance(account, available, needed):
            violation = shortfall(account, available, needed)
            raise to_problem(violation, account=account, available=available, needed=needed)
    raise _not_accepted(call, result, is_replay=is_replay)


def _not_accepted(call: _Call, result: Result, *, is_replay: bool) -> Problem:
    match result:
        case ConditionFailed(account, balance):
            return Problem("changed", "the state has changed meanwhile: try again", account=account, balance=balance)
        case PreconditionFailed():
            return Problem("state_changed", "the inventory is not the one of If-Match any more")
        case AttemptInProgress():
            detail = "a request with this Idempotency-Key is in progress: send it again in a moment"
            headers = {"Retry-After": str(IN_USE_RETRY_SECONDS)}
            return Problem("idempotency_key_in_use", detail, headers, event=call.event_id)
        case Recovering() if not is_replay:
            return unavailable(f"realm {call.player.realm} is recovering; this request did nothing", "recovering")
        case NotAccepted(reason) if not is_replay:
            return unavailable(f"{reason}; this request did nothing, try again")
        case NotRetryable():
            detail = "it is too late for a retry: ask for the event's status until it is settled or voided"
            return unavailable(detail, "unknown_outcome", event=call.event_id)
        case _:
            advice = "send it again with the same Idempotency-Key" if call.key else "ask for the event's status"
            return unavailable(f"the outcome is not known yet: {advice}", "unknown_outcome", event=call.event_id)


def _did_not_happen(event_id: str, status: EventStatus) -> Problem:
    reasons = {
        "voided": "it did not reach the log in time and was voided: nothing has happened, try again with a new key",
        "rejected": "the balances did not allow it: nothing has happened",
    }
    return Problem(status.status, reasons[status.status], event=event_id)


def _wait_until_settled(result: CommandResult, seconds: int) -> bool:
    """Return whether the event is settled within ``seconds``.

    Raises Problem if the event was voided or rejected, and TooManyWaiting if too many requests are waiting already.
    """
    if result.status.status == "settled":
        return True
    final = services().settlement_waiter.wait(result.player.realm, result.event_id, seconds)
    if final and final.status != "settled":
        raise _did_not_happen(result.event_id, final)
    return final is not None
