"""How routes are described, so that the document of the API is generated from the code (OpenAPI 3.1)."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel

from api.openapi import schemas
from api.openapi.conventions import RESPONSE_HEADERS, ROLE, complete, query_parameters, requires_token
from api.problems.problems import invalid_request

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


class Api(OpenAPI):
    """The Flask application whose document is completed with what many operations have in common."""

    def __init__(self, import_name: str) -> None:
        super().__init__(
            import_name,
            info=Info(title="Guildhall", version="1.0.0", description=_DESCRIPTION),
            security_schemes=_SECURITY,
            validation_error_model=schemas.ProblemDetails,
            validation_error_callback=invalid_request,
            operation_id_callback=_operation_id,
            doc_ui=False,
            # One folder of static files, and it is the page's.
            static_folder=None,
        )

    @cached_property
    def secured(self) -> frozenset[tuple[str, str]]:
        """(Method, rule) of what needs a player's token, as the document says."""
        return frozenset(key for key, operation in self._documented().items() if requires_token(operation))

    @cached_property
    def queries(self) -> dict[tuple[str, str], frozenset[str]]:
        """(Method, rule) -> the parameters that its query may have, as the document says."""
        return {key: query_parameters(operation) for key, operation in self._documented().items()}

    def generate_spec_json(self) -> None:
        """Make the document, once."""
        super().generate_spec_json()  # type: ignore[no-untyped-call]
        views = self._views()
        for key, operation in self._operations():
            complete(operation, views[key])
        self.spec_json["components"]["headers"] = RESPONSE_HEADERS
        self._say_realms(self.extensions["guildhall"].settings.realms)

    def _documented(self) -> dict[tuple[str, str], dict[str, Any]]:
        assert self.api_doc  # noqa: S101 - makes it
        return dict(self._operations())

    def _operations(self) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
        for path, operations in self.spec_json["paths"].items():
            for method, operation in operations.items():
                yield (method.upper(), path.replace("{", "<").replace("}", ">")), operation

    def _views(self) -> dict[tuple[str, str], Callable[..., Any]]:
        rules = self.url_map.iter_rules()
        return {(m, rule.rule): self.view_functions[rule.endpoint] for rule in rules for m in rule.methods or ()}

    def _say_realms(self, realms: int) -> None:
        """How many realms there are is a setting, and the models of the requests do not know it."""
        parameters = self.spec_json["paths"]["/shop"]["get"]["parameters"]
        schemas = [parameter["schema"] for parameter in parameters if parameter["name"] == "realm"]
        for schema in (*schemas, self.spec_json["components"]["schemas"]["NewPlayer"]["properties"]["realm"]):
            schema["maximum"] = realms - 1


def _operation_id(*, name: str, path: str, method: str) -> str:  # noqa: ARG001 - the library passes them
    """The name of the function: unique, as no two routes are called alike, and readable in a generated client."""
    return name


def blueprint(name: str, tag: str) -> APIBlueprint:
    """A group of routes."""
    return APIBlueprint(
        name, name, abp_tags=[Tag(name=tag, description=TAGS[tag])], operation_id_callback=_operation_id
    )


def write_operation(**more: Any) -> dict[str, Any]:
    """How a route is described that changes something for the player of the token."""
    return {
        "security": [{"bearer": []}],
        "responses": {"202": schemas.Event, "200": schemas.Event},
        "openapi_extensions": {ROLE: "change"},
    } | more


def read_operation(answer: type[BaseModel], *, public: bool = False, **more: Any) -> dict[str, Any]:
    """How a route is described that only reads."""
    security: dict[str, Any] = {} if public else {"security": [{"bearer": []}]}
    return security | {"responses": {"200": answer}, "openapi_extensions": {ROLE: "read"}} | more


def operation_kind(name: str) -> dict[str, Any]:
    """Another role than change or read, for one route."""
    return {"openapi_extensions": {ROLE: name}}
