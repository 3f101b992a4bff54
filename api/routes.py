"""The routes. Each one reads what it must, asks the rules for a decision, and commits it."""

import secrets
import uuid
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Annotated

import redis
from flask import Blueprint, Response, current_app, jsonify, request, url_for
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import UnsupportedMediaType

from api.commit import Accepted, NotAccepted, Unknown
from api.problems import Problem, refused, unavailable
from api.services import Services
from api.tokens import Player
from game import catalogue, rules
from game.accounts import NAME
from game.rules import Decision
from state.ledger import Changed, Held, Recovering, Refused, Reservation, Seen, available

routes = Blueprint("game", __name__)

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
        realms=_services().settings.realms,
        start="POST /players",
        actions=["POST /buy_sword", "POST /claim_gold", "POST /join_guild", "DELETE /guild"],
        reads=["GET /inventory", "GET /events/<id>", "GET /shop", "GET /healthz", "GET /readyz"],
    )


@routes.post("/players")
def register() -> Response:
    """Register a player in a realm; the answer carries the token for everything else."""
    body = NewPlayer.model_validate_json(_json_body())
    services = _services()
    if body.realm >= services.settings.realms:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "unknown_realm", f"realms are 0 to {services.settings.realms - 1}"
        )
    name = body.name or f"guest_{secrets.token_hex(6)}"
    player = Player(body.realm, name)
    return _commit(player, rules.register(name, _today()), token=services.tokens.issue(player))


@routes.post("/buy_sword")
def buy_sword() -> Response:
    """Buy a sword of the catalogue."""
    player = _player()
    body = Purchase.model_validate_json(_json_body())
    return _commit(player, rules.buy_sword(player.name, body.sword))


@routes.post("/claim_gold")
def claim_gold() -> Response:
    """Daily gold."""
    player = _player()
    return _commit(player, rules.claim_gold(player.name, _has(player.realm, player.owner), _today()))


@routes.post("/join_guild")
def join_guild() -> Response:
    """Join a guild, or found it."""
    player = _player()
    guild = Membership.model_validate_json(_json_body()).guild
    has, guild_has = _has(player.realm, player.owner), _has(player.realm, f"guild:{guild}")
    return _commit(player, rules.join_guild(player.name, guild, has, guild_has))


@routes.delete("/guild")
def leave_guild() -> Response:
    """Leave one's guild."""
    player = _player()
    return _commit(player, rules.leave_guild(player.name, _has(player.realm, player.owner)))


@routes.get("/inventory")
def inventory() -> Response:
    """What the player has: settled, held and available, all from one moment, as of the log's ``offset``."""
    player = _player()
    holdings = _services().ledger.holdings(player.realm, player.owner)
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
    found = _services().ledger.event(player.realm, str(event_id))
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
    services = _services()
    try:
        services.ledger.ready()
    except redis.RedisError as error:
        raise unavailable(f"the ledger is not ready: {error}") from error
    if not services.log.ready():
        raise unavailable("the log is not ready")
    return jsonify(status="ready")


def _services() -> Services:
    services: Services = current_app.extensions["guildhall"]
    return services


def _today() -> date:
    return datetime.now(UTC).date()


def _player() -> Player:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    player = _services().tokens.read(token) if scheme.lower() == "bearer" else None
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


def _has(realm: int, owner: str) -> rules.Balances:
    return _services().ledger.holdings(realm, owner).settled


def _commit(player: Player, decision: Decision, **members: object) -> Response:
    event_id = str(uuid.uuid4())
    reservation = Reservation(event_id, player.realm, player.name, decision)
    match _services().commit.commit(reservation, datetime.now(UTC)):
        case Accepted(offset):
            body = {"id": event_id, "status": "pending", "type": decision.type, "realm": player.realm}
            response = jsonify(**body, player=player.name, offset=offset, details=decision.details, **members)
            response.status_code = HTTPStatus.ACCEPTED
            response.headers["Location"] = url_for("game.event", event_id=event_id)
            return response
        case Refused(account, left, needed):
            broken = rules.shortfall(account, left, needed)
            raise refused(broken, account=account, available=left, needed=needed)
        case Changed(account, balance):
            raise Problem(
                HTTPStatus.CONFLICT, "changed", "what you saw has changed; try again", account=account, balance=balance
            )
        case Recovering():
            raise unavailable(f"realm {player.realm} is recovering", "recovering")
        case NotAccepted(reason):
            raise unavailable(f"{reason}; nothing has happened, try again")
        case Unknown() | Seen() | Held():
            raise unavailable(
                "the outcome is not known yet: ask for the event's status", "unknown_outcome", event=event_id
            )
