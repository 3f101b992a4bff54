"""Complete the descriptions of operations with the statuses, headers and problems that many operations share.

Each operation has a role, and the tables below define what a role means. For example, an operation with the role
``inventory`` accepts the request header ``If-None-Match``. It responds with 200, 404, 422, 429 or 503, among other
statuses. With 200, it sends the headers ``ETag`` and ``Guildhall-Offset``.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from api.problems.problems import MEDIA_TYPE

ROLE: Final = "x-role"  # this extension contains an operation's role; it is removed from the published document

_KEY_EXAMPLE: Final = "9c5c1d3e-3c57-4c0e-8a35-2f1f7cf4f0d1"

# The schemas of Prefer, If-Match and If-None-Match have no pattern, because no value of these headers is an error. RFC
# 7240 requires servers to ignore preferences that they do not understand, and an unknown entity tag does not match.
_REQUEST_HEADER_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "Idempotency-Key": {
        "schema": {
            "type": "string",
            "pattern": '^("[ !#-~]{1,255}"|[!#-~]{1,255})$',
            "examples": [_KEY_EXAMPLE],
        },
        "description": "A request that is sent again with the same key happens once. Keys are remembered for a day.",
    },
    "Prefer": {
        "schema": {"type": "string", "examples": ["wait=5"]},
        "description": "Wait up to this number of seconds until the event is settled (RFC 7240), at most 30.",
    },
    "If-Match": {
        "schema": {"type": "string", "examples": ["*"]},
        "description": "Act only if the inventory still has this ETag.",
    },
    "If-None-Match": {
        "schema": {"type": "string", "examples": ['"0123456789abcdef"']},
        "description": "Respond with 304 and without a body if it still has this ETag.",
    },
    "Last-Event-ID": {
        "schema": {"type": "string", "pattern": "^[0-9]{0,15}$", "examples": ["120"]},
        "description": "Resume after this event; if absent or empty, start now.",
    },
}
# A client that repeats a registration gets the player's token. So the key of a registration must be hard to guess.
_REGISTRATION_KEY: Final[dict[str, Any]] = {
    "schema": {"type": "string", "format": "uuid", "examples": [_KEY_EXAMPLE]},
    "description": "A UUID. A registration that is sent again with it registers one player. Remembered for a day.",
}
_REQUEST_HEADERS_BY_ROLE: Final[dict[str, tuple[str, ...]]] = {
    "change": ("Idempotency-Key", "Prefer", "If-Match"),
    "register": ("Idempotency-Key", "Prefer"),
    "inventory": ("If-None-Match",),
    "shop": ("If-None-Match",),
    "stream": ("Last-Event-ID",),
}

# Statuses in addition to 200 and 202, which the route declares. 500 is not listed here, because it is always a bug. A
# role without 503 depends on no other server, and a role without 429 has no rate limit.
_STATUSES_BY_ROLE: Final[dict[str, tuple[int, ...]]] = {
    "change": (400, 409, 412, 413, 422, 429, 503),
    "register": (400, 409, 413, 422, 429, 503),
    "read": (422, 429, 503),
    "found": (404, 422, 429, 503),
    "inventory": (404, 422, 429, 503),
    "shop": (422, 429, 503),
    "stream": (422, 429, 503),
    "renewal": (422, 429),
    "status": (422, 429),
    "index": (429,),
    "readiness": (422, 503),
    "health": (422,),
}
_STATUS_DESCRIPTIONS: Final = {
    200: "The current state",
    202: "Accepted: the event is in the log, what it spends is held, and it is settled in a moment",
    304: "Not changed",
    400: "A header is invalid, or the body is not JSON",
    401: "No valid token",
    404: "Not found, or already forgotten",
    409: "The rules or the balances do not allow it, or the state has just changed: nothing has happened",
    412: "The price or the inventory is not the one that the client saw: nothing has happened",
    413: "The body is larger than 16 KiB",
    415: "The body is not JSON",
    422: "The form of the request is invalid, or its Idempotency-Key was used for another request",
    429: "Too many requests: wait for Retry-After",
    500: "Internal error; it is logged",
    503: "A server is unavailable or the outcome is unknown: retry after Retry-After, with the same Idempotency-Key",
}
_SETTLED_DESCRIPTION: Final = "Settled: during the wait that Prefer asks for, or before if this is a retry"

RESPONSE_HEADERS: Final[dict[str, dict[str, Any]]] = {
    name: {"description": description, "required": required, "schema": schema}
    for name, required, schema, description in (
        (
            "Location",
            True,
            {"type": "string", "pattern": "^/events/[0-9a-f-]{36}$"},
            "The event, with its status",
        ),
        ("Idempotency-Replayed", False, {"const": "true"}, "An earlier request with this key made the event"),
        (
            "Preference-Applied",
            False,
            {"type": "string", "pattern": "^wait=[0-9]+$"},
            "The applied preference",
        ),
        ("ETag", True, {"type": "string", "pattern": '^"[0-9a-f]{16}"$'}, "For If-None-Match"),
        (
            "Guildhall-Offset",
            True,
            {"type": "integer"},
            "The offset of the log up to which it is settled",
        ),
        ("WWW-Authenticate", True, {"type": "string"}, "The scheme that is required"),
        ("Retry-After", True, {"type": "integer", "minimum": 0}, "Seconds"),
        ("RateLimit-Limit", False, {"type": "integer"}, "Requests allowed in one window; absent without a limit"),
        ("RateLimit-Remaining", False, {"type": "integer"}, "Requests that are left in this window"),
        ("RateLimit-Reset", False, {"type": "integer"}, "Seconds until the next window"),
    )
}
_EVENT_HEADERS: Final = ("Location", "Idempotency-Replayed", "Preference-Applied")
_RESPONSE_HEADERS_BY_ROLE: Final[dict[tuple[str, int], tuple[str, ...]]] = {
    ("change", 202): _EVENT_HEADERS,
    ("register", 202): _EVENT_HEADERS,
    ("inventory", 200): ("ETag", "Guildhall-Offset"),
    ("inventory", 304): ("ETag",),
    ("shop", 200): ("ETag",),
    ("shop", 304): ("ETag",),
}
_RESPONSE_HEADERS_BY_STATUS: Final[dict[int, tuple[str, ...]]] = {
    401: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
_RATE_LIMIT_HEADERS: Final = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

# Each operation is mapped to the operations that need the id of its event, with the name of their parameter for the id.
_LINKS: Final[dict[str, dict[str, str]]] = {
    "offer_trade": {"accept_trade": "trade", "decline_trade": "trade"},
}


def complete(operation: dict[str, Any], view: Callable[..., Any]) -> None:
    """Complete the description of an operation, using its role and the docstring of its view."""
    role = operation.pop(ROLE, "read")
    _add_texts(operation, view.__doc__ or "")
    _describe_parameters(operation, role)
    responses = operation["responses"]
    responses.pop("422", None)  # the library adds its own description of 422 to each operation
    for status in _statuses(operation, role):
        responses[str(status)] = {
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
    if role in ("inventory", "shop"):
        responses["304"] = {}
    if role == "index":
        responses["200"]["content"]["text/html"] = {"schema": {"type": "string"}}
    for status, response in responses.items():
        _describe_response(response, role, int(status))
    if role == "change":
        uses = {"event": "event_id"} | _LINKS.get(operation["operationId"], {})
        responses["202"]["links"] = {
            use: {"operationId": use, "parameters": {parameter: "$response.body#/id"}}
            for use, parameter in uses.items()
        }
    operation["responses"] = dict(sorted(responses.items()))


def query_parameters(operation: dict[str, Any]) -> frozenset[str]:
    """Return the names of the parameters that the operation accepts in its query."""
    return frozenset(p["name"] for p in operation.get("parameters", ()) if p["in"] == "query")


def _add_texts(operation: dict[str, Any], docstring: str) -> None:
    """Use the first sentence of the docstring as the summary, and the other sentences as the description.

    This replaces the texts of the library, which splits a docstring by lines instead.
    """
    summary, _, description = " ".join(docstring.split()).partition(". ")
    operation["summary"] = summary.removesuffix(".")
    operation.pop("description", None)
    if description:
        operation["description"] = description


def _describe_parameters(operation: dict[str, Any], role: str) -> None:
    parameters = operation.get("parameters", [])
    for parameter in parameters:
        _without_null(parameter["schema"])
    for header in _REQUEST_HEADERS_BY_ROLE.get(role, ()):
        is_registration_key = role == "register" and header == "Idempotency-Key"
        schema = _REGISTRATION_KEY if is_registration_key else _REQUEST_HEADER_SCHEMAS[header]
        parameters.append({"name": header, "in": "header", "required": False, **schema})
    if parameters:
        operation["parameters"] = parameters


def _without_null(schema: dict[str, Any]) -> None:
    """Remove null from the schema of a parameter that may be omitted.

    The model uses None for an omitted parameter, but a query cannot contain null.
    """
    options = [option for option in schema.pop("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        schema.update(options[0])
    if schema.get("default", "") is None:
        del schema["default"]


def _statuses(operation: dict[str, Any], role: str) -> Iterator[int]:
    yield from _STATUSES_BY_ROLE[role]
    yield 500
    if operation.get("requestBody"):
        yield 415
    if requires_token(operation):
        yield 401


def requires_token(operation: dict[str, Any]) -> bool:
    """Return whether the operation needs a token.

    An empty entry among the security requirements means that the token is optional.
    """
    security = operation.get("security", [])
    return bool(security) and {} not in security


def _describe_response(response: dict[str, Any], role: str, status: int) -> None:
    is_settled = role in ("change", "register") and status == 200
    response["description"] = _SETTLED_DESCRIPTION if is_settled else _STATUS_DESCRIPTIONS[status]
    usual = (*_RESPONSE_HEADERS_BY_ROLE.get((role, status), ()), *_RESPONSE_HEADERS_BY_STATUS.get(status, ()))
    limited = _RATE_LIMIT_HEADERS if 429 in _STATUSES_BY_ROLE[role] and status in (200, 202, 429) else ()
    headers = {header: {"$ref": f"#/components/headers/{header}"} for header in (*usual, *limited)}
    if headers:
        response["headers"] = headers
