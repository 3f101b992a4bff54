"""How an action becomes an answer: decided by the rules, committed once, repeated safely, waited for if asked."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Response, current_app, jsonify, request, url_for

from api.commit import Accepted, NotAccepted, Result
from api.idempotency import Key
from api.problems import Problem, refused, unavailable
from api.services import Services
from api.tokens import Player
from api.waiting import TooManyWaiting, preferred_wait
from game import rules
from game.events import encode, event_id_of, new_event
from game.rules import Decision, RuleBroken
from state.outcomes import (
    Busy,
    Changed,
    Doomed,
    EventStatus,
    Recovering,
    Refused,
    Reservation,
    Resumption,
    Seen,
)

BUSY_RETRY_SECONDS = 1  # a try usually ends within milliseconds


def services() -> Services:
    """The parts behind the routes."""
    parts: Services = current_app.extensions["guildhall"]
    return parts


def act(player: Player, key: Key | None, decide: Callable[[], Decision], **members: object) -> Response:
    """Do what ``decide`` decides, once for each key. Raises RuleBroken or Problem if it does not happen; ``members``
    go into the answer."""
    action = _Action(player, key, decide)
    event = action.run()
    response = jsonify(
        id=event.id,
        status=event.status,
        type=event.type,
        realm=player.realm,
        player=player.name,
        offset=event.offset,
        details=event.details,
        **members,
    )
    response.status_code = HTTPStatus.ACCEPTED
    response.headers["Location"] = url_for("game.event", event_id=event.id)
    if event.repeated:
        response.headers["Idempotency-Replayed"] = "true"
    return _wait_if_asked(response, player, event)


class _Answer:
    """The event that the answer describes; ``repeated`` if an earlier request with the same key made it."""

    def __init__(self, event_id: str, status: EventStatus, *, repeated: bool) -> None:
        self.id, self.status, self.type = event_id, status.status, status.type
        self.offset, self.details, self.repeated = status.offset, status.details, repeated


class _Action:
    def __init__(self, player: Player, key: Key | None, decide: Callable[[], Decision]) -> None:
        self._player, self._key, self._decide = player, key, decide
        self._services = services()
        self._id = event_id_of(player.realm, player.name, key.value) if key else str(uuid.uuid4())

    def run(self) -> _Answer:
        known = self._known()
        if known:
            return self._again(known)
        try:
            result = self._commit(self._decide())
            return self._answer(result)
        except RuleBroken:
            # Another try of the same request may have changed what the rules see.
            known = self._known()
            if known:
                return self._again(known)
            raise

    def _known(self) -> EventStatus | None:
        found = self._services.ledger.event(self._player.realm, self._id) if self._key else None
        return None if found is None or found.may_be_tried_again else found

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
        reservation = Reservation(self._id, event.realm, event.player, decision, event.request, draft)
        return self._services.commit.commit(reservation, event)

    def _again(self, known: EventStatus) -> _Answer:
        """What the key's event has become; one that nobody knows of is appended again."""
        if self._key is None or known.request != self._key.fingerprint:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "this Idempotency-Key came with another request before: use a new one",
            )
        if known.status == "pending":
            return self._answer(self._services.commit.resume(Resumption(self._id, self._player.realm)), repeated=True)
        if known.status == "settled":
            return _Answer(self._id, known, repeated=True)
        raise _did_not_happen(self._id, known)

    def _answer(self, result: Result, *, repeated: bool = False) -> _Answer:
        match result:
            case Accepted(offset, event):
                status = EventStatus("pending", offset, event.type, event.player, event.request, event.details)
                return _Answer(self._id, status, repeated=repeated)
            case Refused(account, left, needed):
                broken = rules.shortfall(account, left, needed)
                raise refused(broken, account=account, available=left, needed=needed)
            case Seen(status):
                return self._again(status)
        raise self._not_accepted(result, repeated=repeated)

    def _not_accepted(self, result: Result, *, repeated: bool) -> Problem:
        match result:
            case Changed(account, balance):
                detail = "what you saw has changed; try again"
                return Problem(HTTPStatus.CONFLICT, "changed", detail, account=account, balance=balance)
            case Busy():
                detail = "a request with this Idempotency-Key is under way: ask again in a moment"
                headers = {"Retry-After": str(BUSY_RETRY_SECONDS)}
                return Problem(HTTPStatus.CONFLICT, "idempotency_key_in_use", detail, headers, event=self._id)
            case Recovering() if not repeated:
                return unavailable(f"realm {self._player.realm} is recovering; this try did nothing", "recovering")
            case NotAccepted(reason) if not repeated:
                return unavailable(f"{reason}; this try did nothing, try again")
            case Doomed():
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
    return Problem(HTTPStatus.CONFLICT, status.status, why[status.status], event=event_id)


def _wait_if_asked(response: Response, player: Player, event: _Answer) -> Response:
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
