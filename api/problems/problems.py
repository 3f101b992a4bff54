"""Errors as RFC 9457 problem details. Every error of the API passes through here."""

import json
import logging
from http import HTTPStatus
from typing import Any, Final

import redis
from flask import Flask, Response, g, request
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from api.problems.types import KINDS
from game.decision import RuleViolation
from state.ledger import RealmRecovering

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS: Final = 2  # about what a server needs to be restarted or a realm to catch up
MEDIA_TYPE: Final = "application/problem+json"

# What Flask and its extensions raise; any other status is a kind of bad request or our own error.
_OF_STATUS = {
    404: "not_found",
    405: "method_not_allowed",
    413: "request_entity_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}
_KEPT_HEADERS = ("Allow", "Retry-After", "Accept-Post")


class Problem(Exception):
    """An error with a stable ``code`` of :data:`api.problems.types.KINDS` and a sentence for people about this one.
    Extra members go into the body."""

    def __init__(
        self,
        code: str,
        detail: str,
        headers: dict[str, str] | None = None,
        status: HTTPStatus | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.status = status or KINDS[code].status
        self.members = members

    @property
    def body(self) -> dict[str, Any]:
        """The problem details object."""
        return {
            "type": f"/problems/{self.code}",
            "title": KINDS[self.code].title,
            "status": self.status.value,
            "detail": self.detail,
            **self.members,
        }


def unavailable(detail: str, code: str = "unavailable", **members: Any) -> Problem:
    """503 with Retry-After."""
    return Problem(code, detail, {"Retry-After": str(RETRY_AFTER_SECONDS)}, **members)


def to_problem(broken: RuleViolation, **members: Any) -> Problem:
    """The rules or the ledger do not allow the command."""
    return Problem(broken.code, str(broken), **members)


def invalid(error: ValidationError) -> Problem:
    """The request does not have the form that it must. The cause decides: no JSON at all, another media type, or JSON
    with errors, which are named by JSON pointer (RFC 6901)."""
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in e["loc"]), "detail": e["msg"]}
        for e in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    first = errors[0]
    return Problem("invalid", f"{first['pointer']}: {first['detail']}", errors=errors)


def invalid_request(error: ValidationError) -> Response:
    """What flask-openapi3 calls when a part of the request cannot be validated."""
    if error.error_count() == 1 and error.errors()[0]["type"] == "model_type" and not error.errors()[0]["loc"]:
        if not request.is_json:
            return _respond_http(UnsupportedMediaType("send JSON, with Content-Type: application/json"))
        try:
            json.loads(request.get_data())
        except ValueError as broken:
            return _respond_http(BadRequest(f"no valid JSON: {broken}"))
    return respond(invalid(error))


def problem_of(error: Exception) -> Problem | None:
    """The problem that an error of an action is answered with, None for one that nobody expects."""
    match error:
        case Problem():
            return error
        case RuleViolation():
            return to_problem(error)
        case ValidationError():
            return invalid(error)
        case RealmRecovering():
            return unavailable(f"{error}; nothing was done", "recovering")
        case redis.RedisError():
            logger.warning("no ledger: %s", error)
            return unavailable("the ledger does not answer")
    return None


def register_error_handlers(app: Flask) -> None:
    """Every error that leaves a view becomes problem+json."""
    for kind in (Problem, RuleViolation, ValidationError, RealmRecovering, redis.RedisError):
        app.register_error_handler(kind, _respond_expected)
    app.register_error_handler(HTTPException, _respond_http)


def respond(problem: Problem) -> Response:
    """The problem as a response."""
    g.problem_code = problem.code  # for the metrics
    response = Response(json.dumps(problem.body) + "\n", problem.status, mimetype=MEDIA_TYPE)
    response.headers.update(problem.headers)
    return response


def _respond_expected(error: Exception) -> Response:
    problem = problem_of(error)
    assert problem is not None, "only what problem_of knows is registered"  # noqa: S101 - for the reader of types
    return respond(problem)


def _respond_http(error: HTTPException) -> Response:
    # Flask wraps what no handler took as a 500; the cause is in the log, not in the answer.
    status = HTTPStatus(error.code or 500)
    code = _OF_STATUS.get(status.value, "internal_server_error" if status.value >= 500 else "bad_request")
    detail = "an error on our side; it is logged" if status.value >= 500 else (error.description or status.phrase)
    headers = {name: value for name, value in error.get_headers() if name in _KEPT_HEADERS}
    return respond(Problem(code, detail, headers, status))
