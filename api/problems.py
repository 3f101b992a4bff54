"""Errors as RFC 9457 problem details. Every error of the API passes through here."""

import json
import logging
from http import HTTPStatus

import redis
from flask import Flask, Response
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from game.rules import RuleBroken
from state.ledger import Closed

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2  # about what a server needs to be restarted or a realm to catch up


class Problem(Exception):
    """An error with a status, a stable code and a sentence for people. Extra members go into the body."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, headers: dict[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.members = members


def unavailable(detail: str, code: str = "unavailable", **members: object) -> Problem:
    """503 with Retry-After."""
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, code, detail, headers=headers, **members)


def refused(broken: RuleBroken, **members: object) -> Problem:
    """409: the rules or the ledger do not allow the command."""
    return Problem(HTTPStatus.CONFLICT, broken.code, str(broken), headers=None, **members)


def register_error_handlers(app: Flask) -> None:
    """Every error that leaves a view becomes problem+json."""
    app.register_error_handler(Problem, _respond)
    app.register_error_handler(RuleBroken, lambda error: _respond(refused(error)))
    app.register_error_handler(ValidationError, lambda error: _respond(_invalid(error)))
    app.register_error_handler(Closed, lambda error: _respond(unavailable(f"{error}; nothing was done", "recovering")))
    app.register_error_handler(redis.RedisError, lambda error: _respond(_no_ledger(error)))
    app.register_error_handler(HTTPException, _respond_http)


def _respond(problem: Problem) -> Response:
    body = {
        "type": f"/problems/{problem.code}",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
        **problem.members,
    }
    response = Response(json.dumps(body) + "\n", problem.status, mimetype="application/problem+json")
    response.headers.update(problem.headers)
    return response


def _respond_http(error: HTTPException) -> Response:
    # Flask wraps what no handler took as a 500; the cause is in the log, not in the answer.
    status = HTTPStatus(error.code or 500)
    code = status.name.lower()
    detail = "an error on our side; it is logged" if status.value >= 500 else (error.description or status.phrase)
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return _respond(Problem(status, code, detail, headers))


def _invalid(error: ValidationError) -> Problem:
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in e["loc"]), "detail": e["msg"]}
        for e in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    first = errors[0]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"{first['pointer']}: {first['detail']}", errors=errors)


def _no_ledger(error: redis.RedisError) -> Problem:
    logger.warning("no ledger: %s", error)
    return unavailable("the ledger does not answer")
