"""What a request passes before its route, by what the document says of its operation."""

from http import HTTPStatus
from typing import cast

from flask import Response, current_app, request

from api.http.identity import current_player
from api.openapi.app import Api
from api.problems.problems import Problem


def register_guards(app: Api) -> None:
    """Let only those requests through that the document allows to be sent."""
    app.before_request(_require_token)
    app.before_request(_refuse_unknown_parameters)
    app.after_request(_say_what_is_allowed)


def _operation() -> tuple[str, str]:
    """What is asked for, as the document names it: HEAD is GET without a body."""
    method = "GET" if request.method == "HEAD" else request.method
    return method, request.url_rule.rule if request.url_rule else ""


def _require_token() -> None:
    """Before anything of the request is read: who may not act is not told what else is wrong."""
    if _operation() in cast(Api, current_app).secured:
        current_player()


def _refuse_unknown_parameters() -> None:
    """A parameter that is spelled wrong would otherwise be ignored in silence."""
    known = cast(Api, current_app).queries.get(_operation())
    # The page may be linked to with anything behind the question mark.
    if known is None or request.path == "/":
        return
    unknown = sorted(request.args.keys() - known)
    if unknown:
        errors = [{"pointer": f"/{name}", "detail": "there is no such parameter"} for name in unknown]
        raise Problem("invalid", f"/{unknown[0]}: there is no such parameter", errors=errors)


def _say_what_is_allowed(response: Response) -> Response:
    """Flask answers OPTIONS with Allow and an empty page of HTML: it is no page."""
    if request.method == "OPTIONS" and response.status_code == HTTPStatus.OK and not response.get_data():
        response.status_code = HTTPStatus.NO_CONTENT
        response.headers.pop("Content-Type", None)
    return response
