"""What many operations have in common, and what completes their descriptions by it: statuses, headers, problems."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from api.problems.problems import MEDIA_TYPE

ROLE: Final = "x-role"  # what the description of an operation is completed by; it is not published

_KEY_EXAMPLE: Final = "9c5c1d3e-3c57-4c0e-8a35-2f1f7cf4f0d1"

# Preferences and entity tags have no pattern: RFC 7240 has servers ignore what they do not understand, and a tag that
# is none of ours simply does not match.
_REQUEST_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "Idempotency-Key": {
        "schema": {
            "type": "string",
            "pattern": '^("[ !#-~]{1,255}"|[!#-~]{1,255})$',
            "examples": [_KEY_EXAMPLE],
        },
        "description": "The same key with the same request happens once, for a day.",
    },
    "Prefer": {
        "schema": {"type": "string", "examples": ["wait=5"]},
        "description": "Wait for so many seconds until the event is settled (RFC 7240), at most 30.",
    },
    "If-Match": {
        "schema": {"type": "string", "examples": ["*"]},
        "description": "Act only if the inventory is still the one with this ETag.",
    },
    "If-None-Match": {
        "schema": {"type": "string", "examples": ['"0123456789abcdef"']},
        "description": "304 without a body if it has not changed.",
    },
    "Last-Event-ID": {
        "schema": {"type": "string", "pattern": "^[0-9]{0,15}$", "examples": ["120"]},
        "description": "Go on after this event; without it, or if it is empty, from now on.",
    },
}
# Whoever repeats a registration is given the token, so that its key must not be guessed.
_REGISTRATION_KEY: Final[dict[str, Any]] = {
    "schema": {"type": "string", "format": "uuid", "examples": [_KEY_EXAMPLE]},
    "description": "A UUID: the same one with the same request registers one player, for a day.",
}
_SENT: Final[dict[str, tuple[str, ...]]] = {
    "change": ("Idempotency-Key", "Prefer", "If-Match"),
    "register": ("Idempotency-Key", "Prefer"),
    "inventory": ("If-None-Match",),
    "shop": ("If-None-Match",),
    "stream": ("Last-Event-ID",),
}

# Besides 200 and 202, which the route names, and 500, which is never on purpose. A role that has no 503 needs no server
# but this one, and one that has no 429 is not limited.
_STATUSES: Final[dict[str, tuple[int, ...]]] = {
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
_MEANINGS: Final = {
    200: "As it is now",
    202: "Accepted: it is in the log, what it spends is held, and it is settled in a moment",
    304: "Not changed",
    400: "A header cannot be used, or the body is no JSON",
    401: "No valid token",
    404: "Not here, or not known any more",
    409: "The rules or the books do not allow it, or something has just changed: nothing has happened",
    412: "The price or the inventory is not what the client saw: nothing has happened",
    413: "More than 16 KiB",
    415: "Not JSON",
    422: "The request does not have the form that it must, or its Idempotency-Key was used before",
    429: "Too many requests: wait for Retry-After",
    500: "Our error; it is logged",
    503: "A server is missing or the outcome is not known yet: Retry-After, with the same Idempotency-Key",
}
_HAPPENED: Final = "Settled, as Prefer: wait asked, or long since if the Idempotency-Key was sent again"

RESPONSE_HEADERS: Final[dict[str, dict[str, Any]]] = {
    name: {"description": description, "required": required, "schema": schema}
    for name, required, schema, description in (
        ("Location", True, {"type": "string", "pattern": "^/events/[0-9a-f-]{36}$"}, "Where to ask what became of it"),
        ("Idempotency-Replayed", False, {"const": "true"}, "An earlier request with this key did it"),
        ("Preference-Applied", False, {"type": "string", "pattern": "^wait=[0-9]+$"}, "The preference of the request"),
        ("ETag", True, {"type": "string", "pattern": '^"[0-9a-f]{16}"$'}, "For If-None-Match"),
        ("Guildhall-Offset", True, {"type": "integer"}, "As of which record of the realm's log"),
        ("WWW-Authenticate", True, {"type": "string"}, "What is asked for"),
        ("Retry-After", True, {"type": "integer", "minimum": 0}, "Seconds"),
        ("RateLimit-Limit", False, {"type": "integer"}, "Requests of one window; absent if there is no limit"),
        ("RateLimit-Remaining", False, {"type": "integer"}, "Requests that are left of this window"),
        ("RateLimit-Reset", False, {"type": "integer"}, "Seconds until the next window"),
    )
}
_EVENT_HEADERS: Final = ("Location", "Idempotency-Replayed", "Preference-Applied")
_TOLD: Final[dict[tuple[str, int], tuple[str, ...]]] = {
    ("change", 202): _EVENT_HEADERS,
    ("register", 202): _EVENT_HEADERS,
    ("inventory", 200): ("ETag", "Guildhall-Offset"),
    ("inventory", 304): ("ETag",),
    ("shop", 200): ("ETag",),
    ("shop", 304): ("ETag",),
}
_ALWAYS_TOLD: Final[dict[int, tuple[str, ...]]] = {
    401: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
_LIMITED: Final = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


# Operation -> the operations that the id of its event can be used for, and as what.
_LINKS: Final[dict[str, dict[str, str]]] = {
    "offer_trade": {"accept_trade": "trade", "decline_trade": "trade"},
}


def complete(operation: dict[str, Any], view: Callable[..., Any]) -> None:
    """Say of this operation what its role says, and what the docstring of its view says."""
    name = operation.pop(ROLE, "read")
    _tell(operation, view.__doc__ or "")
    _describe_parameters(operation, name)
    responses = operation["responses"]
    responses.pop("422", None)  # the library's own, which each operation has
    for status in _statuses(operation, name):
        responses[str(status)] = {
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
    if name in ("inventory", "shop"):
        responses["304"] = {}
    if name == "index":
        responses["200"]["content"]["text/html"] = {"schema": {"type": "string"}}
    for status, response in responses.items():
        _describe_response(response, name, int(status))
    if name == "change":
        uses = {"event": "event_id"} | _LINKS.get(operation["operationId"], {})
        responses["202"]["links"] = {
            use: {"operationId": use, "parameters": {parameter: "$response.body#/id"}}
            for use, parameter in uses.items()
        }
    operation["responses"] = dict(sorted(responses.items()))


def query_parameters(operation: dict[str, Any]) -> frozenset[str]:
    """The names of what may come behind the question mark."""
    return frozenset(p["name"] for p in operation.get("parameters", ()) if p["in"] == "query")


def _tell(operation: dict[str, Any], docstring: str) -> None:
    """The first sentence is the summary, and the others are the description: the library goes by lines."""
    summary, _, description = " ".join(docstring.split()).partition(". ")
    operation["summary"] = summary.removesuffix(".")
    operation.pop("description", None)
    if description:
        operation["description"] = description


def _describe_parameters(operation: dict[str, Any], name: str) -> None:
    parameters = operation.get("parameters", [])
    for parameter in parameters:
        _without_null(parameter["schema"])
    for header in _SENT.get(name, ()):
        is_registration_key = name == "register" and header == "Idempotency-Key"
        said = _REGISTRATION_KEY if is_registration_key else _REQUEST_HEADERS[header]
        parameters.append({"name": header, "in": "header", "required": False, **said})
    if parameters:
        operation["parameters"] = parameters


def _without_null(schema: dict[str, Any]) -> None:
    """A parameter that may be left out is None for us, but a query cannot say null."""
    options = [option for option in schema.pop("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        schema.update(options[0])
    if schema.get("default", "") is None:
        del schema["default"]


def _statuses(operation: dict[str, Any], name: str) -> Iterator[int]:
    yield from _STATUSES[name]
    yield 500
    if operation.get("requestBody"):
        yield 415
    if requires_token(operation):
        yield 401


def requires_token(operation: dict[str, Any]) -> bool:
    """Whether only a player may send it; an empty requirement says that it works without."""
    security = operation.get("security", [])
    return bool(security) and {} not in security


def _describe_response(response: dict[str, Any], name: str, status: int) -> None:
    happened = name in ("change", "register") and status == 200
    response["description"] = _HAPPENED if happened else _MEANINGS[status]
    told = (*_TOLD.get((name, status), ()), *_ALWAYS_TOLD.get(status, ()))
    limited = _LIMITED if 429 in _STATUSES[name] and status in (200, 202, 429) else ()
    headers = {header: {"$ref": f"#/components/headers/{header}"} for header in (*told, *limited)}
    if headers:
        response["headers"] = headers
