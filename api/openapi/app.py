"""Describe the routes, so that the API's OpenAPI 3.1 document can be generated from the code."""

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
    "players": "Register, renew the token, leave the realm; players' profiles.",
    "shop": "Buy, sell and enchant; daily gold, quests and batches.",
    "fights": "Strike other players, drink potions, revive.",
    "exchange": "Gifts and trades.",
    "guilds": "Found, join, lead and leave guilds; their treasury.",
    "reads": "Balances, event history and leaderboards.",
    "system": "Status and documents, for operators and developers.",
}

_SECURITY: Final[dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The token of POST /players."}
}

_DESCRIPTION: Final = """A stateful backend for a multiplayer fighting game.

A change is accepted (202) when its event is in the log and what it spends is held; it is settled a moment later.
Send `Prefer: wait=5` to get 200 once it is settled. Send an `Idempotency-Key` to be able to retry the request.
Errors are problem details (RFC 9457), whose [types](/problems) are documented."""


class Api(OpenAPI):
    """A Flask application that generates its OpenAPI document.

    The document is completed with the statuses, headers and problems that many operations have in common.
    """

    def __init__(self, import_name: str) -> None:
        super().__init__(
            import_name,
            info=Info(title="Guildhall", version="1.0.0", description=_DESCRIPTION),
            security_schemes=_SECURITY,
            validation_error_model=schemas.ProblemDetails,
            validation_error_callback=invalid_request,
            operation_id_callback=_operation_id,
            doc_ui=False,
            # Flask serves no static files, because the page has its own routes for them.
            static_folder=None,
        )

    @cached_property
    def secured(self) -> frozenset[tuple[str, str]]:
        """Return the (method, URL rule) of each operation that needs a player's token, according to the document."""
        return frozenset(key for key, operation in self._documented().items() if requires_token(operation))

    @cached_property
    def queries(self) -> dict[tuple[str, str], frozenset[str]]:
        """Return the query parameters that the document allows, by the (method, URL rule) of the operation."""
        return {key: query_parameters(operation) for key, operation in self._documented().items()}

    def generate_spec_json(self) -> None:
        """Generate the document. The library calls this method once."""
        super().generate_spec_json()  # type: ignore[no-untyped-call]
        views = self._views()
        for key, operation in self._operations():
            complete(operation, views[key])
        self.spec_json["components"]["headers"] = RESPONSE_HEADERS
        self._limit_realms(self.extensions["guildhall"].settings.realms)

    def _documented(self) -> dict[tuple[str, str], dict[str, Any]]:
        assert self.api_doc  # noqa: S101 - reading api_doc generates the document
        return dict(self._operations())

    def _operations(self) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
        for path, operations in self.spec_json["paths"].items():
            for method, operation in operations.items():
                yield (method.upper(), path.replace("{", "<").replace("}", ">")), operation

    def _views(self) -> dict[tuple[str, str], Callable[..., Any]]:
        rules = self.url_map.iter_rules()
        return {(m, rule.rule): self.view_functions[rule.endpoint] for rule in rules for m in rule.methods or ()}

    def _limit_realms(self, realms: int) -> None:
        """Add the number of the last realm as a maximum.

        The number of realms is a setting, so the request models cannot contain this maximum.
        """
        parameters = self.spec_json["paths"]["/shop"]["get"]["parameters"]
        schemas = [parameter["schema"] for parameter in parameters if parameter["name"] == "realm"]
        for schema in (*schemas, self.spec_json["components"]["schemas"]["NewPlayer"]["properties"]["realm"]):
            schema["maximum"] = realms - 1


def _operation_id(*, name: str, path: str, method: str) -> str:  # noqa: ARG001 - the library passes them
    """Return the name of the view function, which is unique and readable in a generated client."""
    return name


def blueprint(name: str, tag: str) -> APIBlueprint:
    """Return an empty group for routes that share one of the ``TAGS``."""
    return APIBlueprint(
        name, name, abp_tags=[Tag(name=tag, description=TAGS[tag])], operation_id_callback=_operation_id
    )


def write_operation(**options: Any) -> dict[str, Any]:
    """Return the description of a route that changes something for the player who sends the request."""
    return {
        "security": [{"bearer": []}],
        "responses": {"202": schemas.Event, "200": schemas.Event},
        "openapi_extensions": {ROLE: "change"},
    } | options


def read_operation(response: type[BaseModel], *, public: bool = False, **options: Any) -> dict[str, Any]:
    """Return the description of a route that only reads. A ``public`` route needs no token."""
    security: dict[str, Any] = {} if public else {"security": [{"bearer": []}]}
    return security | {"responses": {"200": response}, "openapi_extensions": {ROLE: "read"}} | options


def operation_kind(name: str) -> dict[str, Any]:
    """Return the description of a route whose role is neither change nor read."""
    return {"openapi_extensions": {ROLE: name}}
