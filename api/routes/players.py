"""Come, be known, leave."""

import uuid
from typing import Annotated, Final

from flask import Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from api.backend.tokens import Player
from api.http.command_executor import act, do
from api.http.idempotency import key_of
from api.http.identity import current_player
from api.http.services import services
from api.openapi import schemas
from api.openapi.app import blueprint, operation_kind, read_operation, write_operation
from api.problems.problems import Problem
from game import decision
from game.accounts import NAME
from game.commands import WHOLE, Depart
from game.events import format_time
from game.rules import guilds, names, players

routes = blueprint("players", "players")

ME: Final = "me"  # in a path: the player of the token
_GUESTS: Final = uuid.UUID("1d7c6f0e-0f2b-5c9d-8a51-3b9d2f4e7c10")  # the names of guests who came with a key


class NewPlayer(BaseModel):
    """Without a name the player is a guest with a name of our making."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"example": {"realm": 0, "name": "ada"}})

    realm: Annotated[int, Field(ge=0, le=1023, description="GET / says how many there are"), WHOLE]
    name: Annotated[str, Field(pattern=rf"^{NAME}$")] | None = None


class PlayerPath(BaseModel):
    """Who is looked at."""

    player: str = Field(pattern=rf"^{NAME}$", json_schema_extra={"example": "bob"})


class Page(BaseModel):
    """A part of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=100)
    offset: int = Field(default=0, ge=0, le=1_000_000)


@routes.post("/players", responses={"202": schemas.Registered, "200": schemas.Registered}, **operation_kind("register"))
def register(body: NewPlayer) -> Response:
    """Register a player in a realm; the answer carries the token for everything else."""
    parts = services()
    if body.realm >= parts.settings.realms:
        raise Problem("unknown_realm", f"realms are 0 to {parts.settings.realms - 1}")
    if body.name == ME:
        raise Problem("name_reserved", f"{ME} is whoever asks: choose another name")
    if body.name:
        names.check(body.name)
    key = key_of(request, secret=True)
    # The guest of a repeated request is the same one.
    guest = uuid.uuid5(_GUESTS, f"{body.realm}:{key.value.lower()}") if key else uuid.uuid4()
    player = Player(body.realm, body.name or f"{names.GUEST}{guest.hex[:16]}")
    return act(player, key, lambda scene: players.register(player.name, scene.today), **_token(player))


@routes.post("/tokens", **read_operation(schemas.Token) | operation_kind("renewal"))
def renew_token() -> Response:
    """A new token for the bearer of one that is still valid."""
    player = current_player()
    services().telemetry.record_view(player, "signed_in")
    return jsonify(realm=player.realm, player=player.name, **_token(player))


@routes.delete("/players/me", **write_operation())
def depart() -> Response:
    """Leave the realm for ever. What the player has goes back; the name stays taken."""
    return do(Depart())


@routes.get("/players", **read_operation(schemas.Fighters))
def fighters(query: Page) -> Response:
    """The players of the realm who stand, most health first."""
    player = current_player()
    places = services().ledger.ranking(player.realm, "health", query.offset, query.limit)
    players_here = [{"player": owner.partition(":")[2], "health": health} for owner, health in places]
    following = query.offset + query.limit if len(places) == query.limit else None
    return jsonify(players=players_here, next=following)


@routes.get("/players/me", **read_operation(schemas.Profile) | operation_kind("found"))
def own_profile() -> Response:
    """What everybody in the realm may know of oneself."""
    return _profile(current_player().name)


@routes.get("/players/<player>", **read_operation(schemas.Profile) | operation_kind("found"))
def profile(path: PlayerPath) -> Response:
    """What everybody in the realm may know of a player."""
    return _profile(path.player)


def _profile(name: str) -> Response:
    realm = current_player().realm
    has = services().ledger.holdings(realm, f"player:{name}").settled
    if not decision.is_here(has):
        raise Problem("not_found", f"there is no {name} in this realm")
    return jsonify(
        realm=realm,
        player=name,
        guild=guilds.membership(has),
        leads=guilds.leads(has),
        items={account.removeprefix("item:"): n for account, n in has.items() if account.startswith("item:")},
        **{account: has.get(account, 0) for account in ("health", "victories", "defeats", "gold")},
    )


def _token(player: Player) -> dict[str, str]:
    tokens = services().tokens
    return {"token": tokens.issue(player), "expires": format_time(tokens.expires())}
