"""Check each request before its route handles it, according to the OpenAPI description of the operation."""

from http import HTTPStatus
from typing import cast

from flask import Response, current_app, request

from api.http.identity import current_player
from api.openapi.app import Api
from api.problems.problems import Problem


def register_guards(app: Api) -> None:
    """Reject requests that lack a required token or have an unknown parameter, according to the OpenAPI document."""
    app.before_request(_require_token)
    app.before_request(_reject_unknown_parameters)
    app.after_request(_describe_options)


def _operation() -> tuple[str, str]:
    """Return the method and URL rule under which the document describes the operation.

    The document has no HEAD operations, because HEAD is GET without a body.
    """
    method = "GET" if request.method == "HEAD" else request.method
    return method, request.url_rule.rule if request.url_rule else ""


def _require_token() -> None:
    """Check authorization before parsing, so that an unauthorized caller learns nothing about other errors."""
    if _operation() in cast(Api, current_app).secured:
        current_player()


def _reject_unknown_parameters() -> None:
    """Reject a misspelled parameter, which would otherwise be ignored silently."""
    known = cast(Api, current_app).queries.get(_operation())
    # The page at / accepts any query, because links to it may carry parameters of other sites, such as utm_source.
    if known is None or request.path == "/":
        return
    unknown = sorted(request.args.keys() - known)
    if unknown:
        errors = [{"pointer": f"/{name}", "detail": "there is no such parameter"} for name in unknown]
        raise Problem("invalid", f"/{unknown[0]}: there is no such parameter", errors=errors)


def _describe_options(response: Response) -> Response:
    """Change the response to OPTIONS into 204 without a content type.

    Flask responds with the header Allow and an empty body, but declares that body to be HTML.
    """
    if request.method == "OPTIONS" and response.status_code == HTTPStatus.OK and not response.get_data():
        response.status_code = HTTPStatus.NO_CONTENT
        response.headers.pop("Content-Type", None)
    return response
