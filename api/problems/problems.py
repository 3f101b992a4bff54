"""Convert errors to problem details (RFC 9457). Every error of the API passes through this module."""

import json
import logging
from http import HTTPStatus
from typing import Any, Final

import redis
from flask import Flask, Response, request
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from api.problems.types import KINDS
from game.decision import RuleViolation
from state.ledger import RealmRecovering

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS: Final = 2  # a server needs about this time to restart, and a realm to catch up
MEDIA_TYPE: Final = "application/problem+json"

# The problem codes for errors that Flask and its extensions raise. An error with any other status is reported as a bad
# request or as an internal error.
_CODE_BY_STATUS = {
    404: "not_found",
    405: "method_not_allowed",
    413: "request_entity_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}
_KEPT_HEADERS = ("Allow", "Retry-After", "Accept-Post")


class Problem(Exception):
    """An error with a ``code`` that never changes and a ``detail`` that people read.

    The ``code`` is a key of :data:`api.problems.types.KINDS`. The ``members`` are added to the body.
    """

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
        """Return the problem details object, which is the body of the response."""
        return {
            "type": f"/problems/{self.code}",
            "title": KINDS[self.code].title,
            "status": self.status.value,
            "detail": self.detail,
            **self.members,
        }


def unavailable(detail: str, code: str = "unavailable", **members: Any) -> Problem:
    """Return a problem that has the status 503 and the header Retry-After."""
    return Problem(code, detail, {"Retry-After": str(RETRY_AFTER_SECONDS)}, **members)


def to_problem(violation: RuleViolation, **members: Any) -> Problem:
    """Return the problem for a command that the rules or the ledger do not allow."""
    return Problem(violation.code, str(violation), **members)


def invalid(error: ValidationError) -> Problem:
    """Return the problem for a request with wrong or missing fields.

    The member ``errors`` names the place of each error by a JSON pointer (RFC 6901).
    """
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in e["loc"]), "detail": e["msg"]}
        for e in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    first = errors[0]
    return Problem("invalid", f"{first['pointer']}: {first['detail']}", errors=errors)


def invalid_request(error: ValidationError) -> Response:
    """Respond to a request that flask-openapi3 has found invalid.

    The status depends on the cause: 415 if the media type is not JSON, 400 if the body cannot be parsed as JSON, and
    422 if the content of the JSON is wrong.
    """
    if error.error_count() == 1 and error.errors()[0]["type"] == "model_type" and not error.errors()[0]["loc"]:
        if not request.is_json:
            return _respond_http(UnsupportedMediaType("send JSON, with Content-Type: application/json"))
        try:
            json.loads(request.get_data())
        except ValueError as cause:
            return _respond_http(BadRequest(f"the body is not valid JSON: {cause}"))
    return respond(invalid(error))


def problem_of(error: Exception) -> Problem | None:
    """Return the problem that describes an error, or None if the error is unexpected."""
    match error:
        case Problem():
            return error
        case RuleViolation():
            return to_problem(error)
        case ValidationError():
            return invalid(error)
        case RealmRecovering():
            return unavailable(f"{error}; this request did nothing", "recovering")
        case redis.RedisError():
            logger.warning("the ledger is unreachable: %s", error)
            return unavailable("the ledger is unreachable")
    return None


def register_error_handlers(app: Flask) -> None:
    """Respond with problem details to every error that a view raises."""
    for kind in (Problem, RuleViolation, ValidationError, RealmRecovering, redis.RedisError):
        app.register_error_handler(kind, _respond_expected)
    app.register_error_handler(HTTPException, _respond_http)


def respond(problem: Problem) -> Response:
    """Return the response that reports the problem."""
    response = Response(json.dumps(problem.body) + "\n", problem.status, mimetype=MEDIA_TYPE)
    response.headers.update(problem.headers)
    return response


def _respond_expected(error: Exception) -> Response:
    problem = problem_of(error)
    assert problem is not None, "only errors that problem_of knows are registered"  # noqa: S101 - for the type checker
    return respond(problem)


def _respond_http(error: HTTPException) -> Response:
    # Flask turns an unhandled exception into an error 500. Its cause is in the log and must not reach the client.
    status = HTTPStatus(error.code or 500)
    code = _CODE_BY_STATUS.get(status.value, "internal_server_error" if status.value >= 500 else "bad_request")
    detail = "an internal error; it is logged" if status.value >= 500 else (error.description or status.phrase)
    headers = {name: value for name, value in error.get_headers() if name in _KEPT_HEADERS}
    return respond(Problem(code, detail, headers, status))
