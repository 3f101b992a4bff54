"""Show balances, events, the history and leaderboards, and stream events."""

import uuid
from typing import Literal

from flask import Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from api.backend.serializers import as_json
from api.http import sse
from api.http.identity import current_player
from api.http.preconditions import inventory_of, tag_of
from api.http.services import services
from api.openapi import schemas
from api.openapi.app import blueprint, operation_kind, read_operation
from api.problems.problems import Problem
from game.decision import is_here

routes = blueprint("reads", "reads")

OFFSET_HEADER = "Guildhall-Offset"


class EventPath(BaseModel):
    """An event's id in the path."""

    event_id: uuid.UUID = Field(json_schema_extra={"example": schemas.EXAMPLE_ID})


class BoardPath(BaseModel):
    """A leaderboard's name in the path."""

    board: Literal["gold", "victories"]


class Top(BaseModel):
    """The number of places that the client asks for."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=10, ge=1, le=100)


class Before(BaseModel):
    """The page of the history that the client asks for: up to ``limit`` events with an offset below ``before``."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=100)
    before: int = Field(default=2**53 - 1, ge=0, le=2**53 - 1)


@routes.get("/inventory", **read_operation(schemas.Inventory) | operation_kind("inventory"))
def inventory() -> Response:
    """Show the settled, held and available amount of each account of the player, all from one moment.

    The header Guildhall-Offset is the offset in the log up to which these balances are settled.
    """
    player = current_player()
    holdings = services().ledger.holdings(player.realm, player.owner)
    if not is_here(holdings.settled):
        if holdings.settled.get("departed"):
            raise Problem("not_found", f"{player.name} has left realm {player.realm}")
        raise Problem("not_settled", f"{player.name} is not settled in realm {player.realm} yet")
    services().telemetry.record_view(player, "inventory_viewed")
    shown = inventory_of(player, holdings)
    response = jsonify(shown)
    response.headers[OFFSET_HEADER] = str(holdings.offset)
    response.set_etag(tag_of(shown))
    response.make_conditional(request)
    return response


@routes.get("/events/<event_id>", **read_operation(schemas.EventStatus) | operation_kind("found"))
def event(path: EventPath) -> Response:
    """Show the status of an event that the player caused."""
    player = current_player()
    found = services().ledger.event(player.realm, str(path.event_id))
    if found is None or found.player != player.name:
        raise Problem("unknown_event", "none of your events has this id, or it is older than a day")
    return jsonify(
        id=str(path.event_id), status=found.status, type=found.type, offset=found.offset, details=found.details
    )


@routes.get("/history", **read_operation(schemas.History))
def history(query: Before) -> Response:
    """List what the player did in the last day, and what others did to the player. The newest event comes first."""
    player = current_player()
    entries = services().ledger.history_before(player.realm, player.owner, query.before, query.limit)
    following = entries[-1].offset if len(entries) == query.limit else None
    return jsonify(events=[as_json(entry) for entry in entries], next=following)


@routes.get("/leaderboards/<board>", **read_operation(schemas.Leaderboard))
def leaderboard(path: BoardPath, query: Top) -> Response:
    """List the players in the realm who have the most gold or victories."""
    places = services().ledger.ranking(current_player().realm, path.board, 0, query.limit)
    return jsonify(
        board=path.board,
        places=[
            {"place": place, "player": owner.partition(":")[2], "amount": amount}
            for place, (owner, amount) in enumerate(places, 1)
        ],
    )


@routes.get(
    "/stream",
    security=[{"bearer": []}],
    responses={"200": {"description": "Server-sent events", "content": {"text/event-stream": {}}}},
    **operation_kind("stream"),
)
def stream() -> Response:
    """Stream the player's settled events, in the form of the history, as server-sent events.

    The stream ends after some minutes. Reconnect with Last-Event-ID to resume it.
    """
    return sse.respond(current_player())
