"""How an action becomes an answer: decided by the rules, committed once, repeated safely, waited for if asked."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Response, current_app, jsonify, request

from api.backend.group_commit import Accepted, NotAccepted, Result
from api.backend.settlement_waiter import TooManyWaiting, preferred_wait
from api.backend.tokens import Player
from api.http.context import decision_context
from api.http.idempotency import Key, key_of
from api.http.identity import current_player
from api.http.preconditions import required_holdings
from api.http.services import services
from api.problems.problems import Problem, to_problem, unavailable
from game import decision as rules
from game.commands import Command, DecisionContext
from game.decision import Decision, RuleViolation
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

Decide = Callable[[DecisionContext], Decision]

BUSY_RETRY_SECONDS: Final = 1  # a try usually ends within milliseconds

# What a decision was based on may change before its hold is taken. Then it is made again: three times is more than
# players who do not aim at it will ever need.
DECISIONS: Final = 3


def do(command: Command) -> Response:
    """Execute a command of the requesting player, once for each key. Raises RuleViolation or Problem."""
    return act(current_player(), key_of(request), command.decide)


def act(player: Player, key: Key | None, decide: Decide, **members: object) -> Response:
    """Do what ``decide`` decides, once for each key; ``members`` go into the answer."""
    answer = perform(player, key, decide)
    response = jsonify(answer.body | members)
    response.status_code = HTTPStatus.ACCEPTED
    response.headers["Location"] = f"/events/{answer.id}"
    if answer.repeated:
        response.headers["Idempotency-Replayed"] = "true"
    return _wait_if_asked(response, player, answer)


def perform(player: Player, key: Key | None, decide: Decide) -> "Answer":
    """The same without a response."""
    return _Action(player, key, decide, required_holdings(player)).run()


class Answer:
    """The event that the answer describes; ``repeated`` if an earlier request with the same key made it."""

    def __init__(self, player: Player, event_id: str, status: EventStatus, *, repeated: bool) -> None:
        self.id, self.status, self.repeated = event_id, status.status, repeated
        self.body: dict[str, Any] = {
            "id": event_id,
            "status": status.status,
            "type": status.type,
            "realm": player.realm,
            "player": player.name,
            "offset": status.offset,
            "details": status.details,
        }


class _Action:
    def __init__(self, player: Player, key: Key | None, decide: Decide, seen: OwnerBalances | None) -> None:
        self._player, self._key, self._decide, self._seen = player, key, decide, seen
        self._services = services()
        self._id = event_id_of(player.realm, player.name, key.value) if key else str(uuid.uuid4())

    def run(self) -> Answer:
        known = self._known()
        if known:
            return self._again(known)
        try:
            return self._answer(self._decide_and_commit())
        except RuleViolation:
            # Another try of the same request may have changed what the rules see.
            known = self._known()
            if known:
                return self._again(known)
            raise

    def _known(self) -> EventStatus | None:
        found = self._services.ledger.event(self._player.realm, self._id) if self._key else None
        return None if found is None or found.is_retryable else found

    def _decide_and_commit(self) -> Result:
        for _ in range(DECISIONS):
            result = self._commit(self._decide(decision_context(self._player, self._id)))
            if not isinstance(result, ConditionFailed):
                break
        return result

    def _commit(self, decision: Decision) -> Result:
        event = new_event(
            event_id=self._id,
            event_type=decision.type,
            realm=self._player.realm,
            player=self._player.name,
            at=datetime.now(UTC),
            request=self._key.fingerprint if self._key else "",
            details=decision.details,
            transfers=decision.transfers,
        )
        draft = encode(event).decode() if self._key else ""
        reservation = Reservation(self._id, event.realm, event.player, decision, event.request, draft, self._seen)
        return self._services.commit.commit(reservation, event)

    def _again(self, known: EventStatus) -> Answer:
        """What the key's event has become; one that nobody knows of is appended again."""
        if self._key is None or known.request != self._key.fingerprint:
            detail = "this Idempotency-Key came with another request before: use a new one"
            raise Problem("idempotency_key_reused", detail)
        if known.status == "pending":
            return self._answer(self._services.commit.resume(RetryRequest(self._id, self._player.realm)), repeated=True)
        if known.status == "settled":
            return Answer(self._player, self._id, known, repeated=True)
        raise _did_not_happen(self._id, known)

    def _answer(self, result: Result, *, repeated: bool = False) -> Answer:
        match result:
            case Accepted(offset, event):
                status = EventStatus("pending", offset, event.type, event.player, event.request, event.details)
                return Answer(self._player, self._id, status, repeated=repeated)
            case InsufficientBalance(account, left, needed):
                broken = rules.shortfall(account, left, needed)
                raise to_problem(broken, account=account, available=left, needed=needed)
            case AlreadyExists(status):
                return self._again(status)
        raise self._not_accepted(result, repeated=repeated)

    def _not_accepted(self, result: Result, *, repeated: bool) -> Problem:
        match result:
            case ConditionFailed(account, balance):
                detail = "what you saw has changed; try again"
                return Problem("changed", detail, account=account, balance=balance)
            case PreconditionFailed():
                return Problem("state_changed", "the inventory has changed since the one of If-Match")
            case AttemptInProgress():
                detail = "a request with this Idempotency-Key is under way: ask again in a moment"
                headers = {"Retry-After": str(BUSY_RETRY_SECONDS)}
                return Problem("idempotency_key_in_use", detail, headers, event=self._id)
            case Recovering() if not repeated:
                return unavailable(f"realm {self._player.realm} is recovering; this try did nothing", "recovering")
            case NotAccepted(reason) if not repeated:
                return unavailable(f"{reason}; this try did nothing, try again")
            case NotRetryable():
                detail = "too late to try again: ask for the event's status until it is settled or voided"
                return unavailable(detail, "unknown_outcome", event=self._id)
            case _:
                again = "send it again with the same Idempotency-Key" if self._key else "ask for the event's status"
                return unavailable(f"the outcome is not known yet: {again}", "unknown_outcome", event=self._id)


def _did_not_happen(event_id: str, status: EventStatus) -> Problem:
    why = {
        "voided": "it did not reach the log in time and was voided: nothing has happened, use a new key to try again",
        "rejected": "the books did not allow it: nothing has happened",
    }
    return Problem(status.status, why[status.status], event=event_id)


def _wait_if_asked(response: Response, player: Player, event: Answer) -> Response:
    seconds = preferred_wait(request.headers.get("Prefer"))
    if seconds is None:
        return response
    try:
        final = services().watcher.wait(player.realm, event.id, seconds) if event.status == "pending" else None
    except TooManyWaiting:
        return response
    if final and final.status != "settled":
        raise _did_not_happen(event.id, final)
    if final or event.status == "settled":
        body = response.get_json() | {"status": "settled"}
        response.set_data(current_app.json.dumps(body) + "\n")
        response.status_code = HTTPStatus.OK
    response.headers["Preference-Applied"] = f"wait={seconds}"
    return response
