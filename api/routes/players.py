"""Register players, renew tokens and show profiles. To leave the realm is a command, see ``api.routes.commands``."""

import uuid
from typing import Annotated, Final

from flask import Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from api.backend.tokens import Player
from api.http.command_executor import execute, respond
from api.http.idempotency import key_of
from api.http.identity import current_player
from api.http.services import services
from api.openapi import schemas
from api.openapi.app import blueprint, operation_kind, read_operation
from api.problems.problems import Problem
from game import decision
from game.accounts import NAME
from game.commands import WHOLE
from game.events import format_time
from game.rules import guilds, names, players

routes = blueprint("players", "players")

ME: Final = "me"  # in a path, this word stands for the player who sends the request
_GUESTS: Final = uuid.UUID("1d7c6f0e-0f2b-5c9d-8a51-3b9d2f4e7c10")  # constant, so that a key always gives the same name


class NewPlayer(BaseModel):
    """A player to register. If the name is omitted, the player is a guest, and the game chooses the name."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"example": {"realm": 0, "name": "ada"}})

    realm: Annotated[int, Field(ge=0, le=1023, description="GET / returns how many there are"), WHOLE]
    name: Annotated[str, Field(pattern=rf"^{NAME}$")] | None = None


class PlayerPath(BaseModel):
    """A player's name in the path."""

    player: str = Field(pattern=rf"^{NAME}$", json_schema_extra={"example": "bob"})


class Page(BaseModel):
    """The page of a list that the client asks for."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=100)
    offset: int = Field(default=0, ge=0, le=1_000_000)


@routes.post("/players", responses={"202": schemas.Registered, "200": schemas.Registered}, **operation_kind("register"))
def register(body: NewPlayer) -> Response:
    """Register a player in a realm. The response contains the token for all other requests."""
    parts = services()
    if body.realm >= parts.settings.realms:
        raise Problem("unknown_realm", f"realms are 0 to {parts.settings.realms - 1}")
    if body.name == ME:
        raise Problem("name_reserved", f"the name {ME} is reserved for the player who asks: choose another one")
    if body.name:
        names.check(body.name)
    key = key_of(request, secret=True)
    # The name of a guest derives from the key, so that a retry registers the same guest.
    guest = uuid.uuid5(_GUESTS, f"{body.realm}:{key.value.lower()}") if key else uuid.uuid4()
    player = Player(body.realm, body.name or f"{names.GUEST}{guest.hex[:16]}")
    result = execute(lambda context: players.register(player.name, context.today), player, key)
    return respond(result, **_token(player))


@routes.post("/tokens", **read_operation(schemas.Token) | operation_kind("renewal"))
def renew_token() -> Response:
    """Issue a new token to a player who sends a valid token."""
    player = current_player()
    services().telemetry.record_view(player, "signed_in")
    return jsonify(realm=player.realm, player=player.name, **_token(player))


@routes.get("/players", **read_operation(schemas.Fighters))
def fighters(query: Page) -> Response:
    """List the players in the realm who are not down. The player with the most health comes first."""
    player = current_player()
    places = services().ledger.ranking(player.realm, "health", query.offset, query.limit)
    players_here = [{"player": owner.partition(":")[2], "health": health} for owner, health in places]
    following = query.offset + query.limit if len(places) == query.limit else None
    return jsonify(players=players_here, next=following)


@routes.get("/players/me", **read_operation(schemas.Profile) | operation_kind("found"))
def own_profile() -> Response:
    """Show the public profile of the player who sends the request."""
    return _profile(current_player().name)


@routes.get("/players/<player>", **read_operation(schemas.Profile) | operation_kind("found"))
def profile(path: PlayerPath) -> Response:
    """Show the public profile of a player in the same realm."""
    return _profile(path.player)


def _profile(name: str) -> Response:
    realm = current_player().realm
    balances = services().ledger.holdings(realm, f"player:{name}").settled
    if not decision.is_here(balances):
        raise Problem("not_found", f"there is no player {name} in this realm")
    return jsonify(
        realm=realm,
        player=name,
        guild=guilds.membership(balances),
        leads=guilds.leads(balances),
        items={account.removeprefix("item:"): n for account, n in balances.items() if account.startswith("item:")},
        **{account: balances.get(account, 0) for account in ("health", "victories", "defeats", "gold")},
    )


def _token(player: Player) -> dict[str, str]:
    tokens = services().tokens
    return {"token": tokens.issue(player), "expires": format_time(tokens.expires())}
