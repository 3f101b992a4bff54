"""The routes. Each one reads what it must, asks the rules for a decision, and commits it."""

import uuid
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Annotated

import redis
from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import UnsupportedMediaType

from api.actions import act, services
from api.idempotency import key_of
from api.problems import Problem, unavailable
from api.tokens import Player
from game import catalogue, rules
from game.accounts import NAME
from state.ledger import available

routes = Blueprint("game", __name__)

_GUESTS = uuid.UUID("1d7c6f0e-0f2b-5c9d-8a51-3b9d2f4e7c10")  # the names of guests who came with an Idempotency-Key

Name = Annotated[str, Field(pattern=rf"^{NAME}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewPlayer(_Body):
    """The body of POST /players. Without a name the player is a guest with a name of our making."""

    realm: int = Field(ge=0)
    name: Name | None = None


class Purchase(_Body):
    """The body of POST /buy_sword."""

    sword: str = Field(max_length=40)


class Membership(_Body):
    """The body of POST /join_guild."""

    guild: Name


@routes.get("/")
def index() -> Response:
    """What is here, for someone who came with a browser."""
    return jsonify(
        name="guildhall",
        realms=services().settings.realms,
        start="POST /players",
        actions=["POST /buy_sword", "POST /claim_gold", "POST /join_guild", "DELETE /guild"],
        reads=["GET /inventory", "GET /events/<id>", "GET /shop", "GET /healthz", "GET /readyz"],
    )


@routes.post("/players")
def register() -> Response:
    """Register a player in a realm; the answer carries the token for everything else."""
    text = _json_body()
    body = NewPlayer.model_validate_json(text)
    realms = services().settings.realms
    if body.realm >= realms:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown_realm", f"realms are 0 to {realms - 1}")
    key = key_of(request, text, secret=True)
    # The guest of a repeated request is the same one.
    guest = uuid.uuid5(_GUESTS, f"{body.realm}:{key.value.lower()}") if key else uuid.uuid4()
    player = Player(body.realm, body.name or f"guest_{guest.hex[:16]}")
    return act(player, key, lambda: rules.register(player.name, _today()), token=services().tokens.issue(player))


@routes.post("/buy_sword")
def buy_sword() -> Response:
    """Buy a sword of the catalogue."""
    player, text = _player(), _json_body()
    sword = Purchase.model_validate_json(text).sword
    return act(player, key_of(request, text), lambda: rules.buy_sword(player.name, sword))


@routes.post("/claim_gold")
def claim_gold() -> Response:
    """Daily gold."""
    player = _player()
    return act(player, key_of(request, b""), lambda: rules.claim_gold(player.name, _has(player), _today()))


@routes.post("/join_guild")
def join_guild() -> Response:
    """Join a guild, or found it."""
    player, text = _player(), _json_body()
    guild = Membership.model_validate_json(text).guild

    def decide() -> rules.Decision:
        return rules.join_guild(player.name, guild, _has(player), _balances(player.realm, f"guild:{guild}"))

    return act(player, key_of(request, text), decide)


@routes.delete("/guild")
def leave_guild() -> Response:
    """Leave one's guild."""
    player = _player()
    return act(player, key_of(request, b""), lambda: rules.leave_guild(player.name, _has(player)))


@routes.get("/inventory")
def inventory() -> Response:
    """What the player has: settled, held and available, all from one moment, as of the log's ``offset``."""
    player = _player()
    holdings = services().ledger.holdings(player.realm, player.owner)
    if "vacancy" not in holdings.settled:
        raise Problem(HTTPStatus.NOT_FOUND, "not_settled", f"{player.name} is not settled in realm {player.realm} yet")
    accounts = available(holdings, player.owner)
    for internal in ("vacancy", "claim_day"):
        accounts.pop(internal, None)
    return jsonify(
        realm=player.realm,
        player=player.name,
        offset=holdings.offset,
        guild=rules.membership(holdings.settled),
        accounts=accounts,
    )


@routes.get("/events/<uuid:event_id>")
def event(event_id: uuid.UUID) -> Response:
    """The status of one of the player's own events."""
    player = _player()
    found = services().ledger.event(player.realm, str(event_id))
    if found is None or found.player != player.name:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown_event", "no event of yours has this id, or it is older than a day")
    return jsonify(id=str(event_id), status=found.status, type=found.type, offset=found.offset)


@routes.get("/shop")
def shop() -> Response:
    """The catalogue, with prices in gold."""
    return jsonify(swords=catalogue.SWORDS)


@routes.get("/healthz")
def healthz() -> Response:
    """This process answers. Says nothing about the servers behind it."""
    return jsonify(status="ok")


@routes.get("/readyz")
def readyz() -> Response:
    """Whether actions can be accepted: the ledger and the log answer."""
    parts = services()
    try:
        parts.ledger.ready()
    except redis.RedisError as error:
        raise unavailable(f"the ledger is not ready: {error}") from error
    if not parts.log.ready():
        raise unavailable("the log is not ready")
    return jsonify(status="ready")


def _today() -> date:
    return datetime.now(UTC).date()


def _player() -> Player:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    player = services().tokens.read(token) if scheme.lower() == "bearer" else None
    if player is None:
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "unauthorized",
            "send the token that POST /players answered, as Authorization: Bearer <token>",
            {"WWW-Authenticate": "Bearer"},
        )
    return player


def _json_body() -> bytes:
    if not request.is_json:
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    return request.get_data(cache=False)


def _has(player: Player) -> rules.Balances:
    return _balances(player.realm, player.owner)


def _balances(realm: int, owner: str) -> rules.Balances:
    return services().ledger.holdings(realm, owner).settled
