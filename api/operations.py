"""How routes are described, so that the document of the API is generated from the code (OpenAPI 3.1)."""

from functools import cached_property
from typing import Any, Final

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel

from api import answers
from api.problems import MEDIA_TYPE, invalid_request

TAGS: Final = {
    "players": "Come, be known, leave.",
    "shop": "Buy and sell; gold of the day, quests.",
    "fights": "Strike, drink, get up again.",
    "exchange": "Gifts and trades.",
    "guilds": "Found, join, lead, leave; the treasury.",
    "reads": "What one has, what has happened, who is ahead.",
    "system": "For operators.",
}

_SECURITY: Final[dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The token of POST /players."}
}

_DESCRIPTION: Final = """A stateful backend for a multiplayer fighting game.

Every change is accepted (202) when its event is in the log and what it spends is held; it is settled a moment later.
Send `Prefer: wait=5` to be answered 200 when it is settled, and an `Idempotency-Key` to be able to send it again.
Errors are problem details (RFC 9457); [their types](/problems)."""

_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "Idempotency-Key": {
        "schema": {
            "type": "string",
            "pattern": "^[!#-~]{1,255}$",
            "examples": ["9c5c1d3e-3c57-4c0e-8a35-2f1f7cf4f0d1"],
        },
        "description": "The same key with the same request happens once, for a day.",
    },
    "Prefer": {
        "schema": {"type": "string", "pattern": "^wait=[0-9]{1,2}$", "examples": ["wait=5"]},
        "description": "Wait for so many seconds until the event is settled (RFC 7240).",
    },
    "If-Match": {
        "schema": {"type": "string", "pattern": '^(\\*|"[0-9a-f]{16}")$', "examples": ["*"]},
        "description": "Act only if the inventory is still the one with this ETag.",
    },
    "If-None-Match": {
        "schema": {"type": "string", "pattern": '^"[0-9a-f]{16}"$', "examples": ['"0123456789abcdef"']},
        "description": "304 without a body if it has not changed.",
    },
    "Last-Event-ID": {
        "schema": {"type": "string", "pattern": "^[0-9]{1,15}$", "examples": ["120"]},
        "description": "Go on after this event.",
    },
}

_ROLE: Final = "x-role"  # what the description of an operation is completed by; it is not published


class Api(OpenAPI):
    """The Flask application whose document is completed with what many operations have in common."""

    def __init__(self, import_name: str) -> None:
        super().__init__(
            import_name,
            info=Info(title="Guildhall", version="1.0.0", description=_DESCRIPTION),
            security_schemes=_SECURITY,
            validation_error_model=answers.ProblemDetails,
            validation_error_callback=invalid_request,
            doc_ui=False,
            # One folder of static files, and it is the page's.
            static_folder=None,
        )

    @cached_property
    def secured(self) -> frozenset[tuple[str, str]]:
        """(Method, rule) of what needs a player's token, as the document says."""
        return frozenset(
            (method.upper(), path.replace("{", "<").replace("}", ">"))
            for path, operations in self.api_doc["paths"].items()
            for method, operation in operations.items()
            if operation.get("security")
        )

    def generate_spec_json(self) -> None:
        """Make the document, once."""
        super().generate_spec_json()  # type: ignore[no-untyped-call]
        for operations in self.spec_json["paths"].values():
            for method, operation in operations.items():
                _complete(method, operation)


def blueprint(name: str, tag: str) -> APIBlueprint:
    """A group of routes."""
    return APIBlueprint(name, name, abp_tags=[Tag(name=tag, description=TAGS[tag])])


def change(**more: Any) -> dict[str, Any]:
    """How a route is described that changes something for the player of the token."""
    return {
        "security": [{"bearer": []}],
        "responses": {"202": answers.Event, "200": answers.Event},
        "openapi_extensions": {_ROLE: "change"},
    } | more


def read(answer: type[BaseModel], *, public: bool = False, **more: Any) -> dict[str, Any]:
    """How a route is described that only reads."""
    security: dict[str, Any] = {} if public else {"security": [{"bearer": []}]}
    return security | {"responses": {"200": answer}, "openapi_extensions": {_ROLE: "read"}} | more


def role(name: str) -> dict[str, Any]:
    """Another role than change or read, for one route."""
    return {"openapi_extensions": {_ROLE: name}}


_STATUSES: Final = {
    "change": (400, 409, 412, 415, 422, 429, 503),
    "register": (400, 409, 415, 422, 429, 503),
    "read": (422, 429, 503),
    "found": (404, 422, 429, 503),
    "inventory": (404, 422, 429, 503),
    "shop": (422, 429, 503),
    "renewal": (422, 429, 503),
    "stream": (422, 429, 503),
    "system": (503,),
}
_MEANINGS: Final = {
    400: "A header cannot be used, or the body is no JSON",
    401: "No valid token",
    404: "Not here, or not known any more",
    409: "The rules or the books do not allow it, or something has just changed: nothing has happened",
    412: "The price or the inventory is not what the client saw: nothing has happened",
    415: "Not JSON",
    422: "The request does not have the form that it must, or its Idempotency-Key was used before",
    429: "Too many requests: wait for Retry-After",
    503: "A server is missing or the outcome is not known yet: Retry-After, with the same Idempotency-Key",
}
_PARAMETERS: Final = {
    "change": ("Idempotency-Key", "Prefer", "If-Match"),
    "register": ("Prefer",),
    "inventory": ("If-None-Match",),
    "shop": ("If-None-Match",),
    "stream": ("Last-Event-ID",),
}


def _complete(method: str, operation: dict[str, Any]) -> None:
    name = operation.pop(_ROLE, "read")
    statuses = [*_STATUSES[name], *((401,) if operation.get("security") else ())]
    responses = operation["responses"]
    if name not in _STATUSES or not (operation.get("parameters") or operation.get("requestBody")):
        # Without anything to validate there is no 422 but that of a key that came with another request.
        responses.pop("422", None)
    if method in ("get", "head") and "422" in responses and not operation.get("parameters"):
        responses.pop("422")
    if name in ("inventory", "shop"):
        responses["304"] = {"description": "Not changed"}
    for status in statuses:
        responses[str(status)] = {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
    headers = [{"name": n, "in": "header", "required": False, **_HEADERS[n]} for n in _PARAMETERS.get(name, ())]
    if headers:
        operation["parameters"] = [*operation.get("parameters", []), *headers]
