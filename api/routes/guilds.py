"""Found, join, lead, leave; the treasury."""

from datetime import UTC, datetime

from flask import Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from api.http.command_executor import do
from api.http.identity import current_player
from api.http.services import services
from api.openapi import schemas
from api.openapi.app import blueprint, operation_kind, read_operation, write_operation
from api.problems.problems import Problem
from api.routes.players import Page
from game.accounts import NAME
from game.commands import Deposit, EnterGuild, FoundGuild, JoinGuild, LeadGuild, LeaveGuild, PayOut
from game.decision import Balances
from game.events import format_time
from game.rules import guilds

routes = blueprint("guilds", "guilds")


class GuildPath(BaseModel):
    """Which guild."""

    guild: str = Field(pattern=rf"^{NAME}$", json_schema_extra={"example": "knights"})


class Successor(BaseModel):
    """Who leads the guild from now on, if the leader leaves."""

    model_config = ConfigDict(extra="forbid")

    successor: str | None = Field(default=None, pattern=rf"^{NAME}$", json_schema_extra={"example": "bob"})


@routes.get("/guilds", **read_operation(schemas.Guilds))
def list_guilds(query: Page) -> Response:
    """The guilds of the realm that have members, the largest first."""
    places = services().ledger.ranking(current_player().realm, "members", query.offset, query.limit)
    found = [{"guild": owner.partition(":")[2], "members": n} for owner, n in places]
    following = query.offset + query.limit if len(places) == query.limit else None
    return jsonify(guilds=found, next=following)


@routes.get("/guilds/<guild>", **read_operation(schemas.Guild) | operation_kind("found"))
def show_guild(path: GuildPath) -> Response:
    """A guild with its members, by how long they have been there."""
    realm = current_player().realm
    has = services().ledger.holdings(realm, f"guild:{path.guild}").settled
    if not guilds.is_founded(has):
        raise Problem("not_found", f"there is no guild {path.guild} in this realm")
    members = guilds.members(has)
    return jsonify(
        guild=path.guild,
        leader=_leader(realm, path.guild, has),
        seats_free=has.get("seat", 0),
        members=[
            {"player": name, "since": format_time(datetime.fromtimestamp(minute * 60, UTC))}
            for name, minute in members.items()
        ],
        treasury=has.get("gold", 0),
    )


def _leader(realm: int, guild: str, has: Balances) -> str | None:
    """Asked of the members, as a guild is small, and the crown can only be in one place."""
    if guilds.has_crown(has):
        return None
    ledger = services().ledger
    return next(
        (
            name
            for name in guilds.members(has)
            if guilds.leads(ledger.holdings(realm, f"player:{name}").settled) == guild
        ),
        None,
    )


@routes.post("/guilds", **write_operation())
def found_guild(body: FoundGuild) -> Response:
    """Found a guild and lead it."""
    return do(body)


@routes.post("/join_guild", **write_operation())
def join_guild(body: JoinGuild) -> Response:
    """Join a guild, or found it when nobody has."""
    return do(body)


@routes.post("/guilds/<guild>/members", **write_operation())
def enter_guild(path: GuildPath) -> Response:
    """Join a guild that somebody has founded."""
    return do(EnterGuild(guild=path.guild))


@routes.delete("/guild", **write_operation())
def leave_guild(query: Successor) -> Response:
    """Leave one's guild. A leader hands over, to the longest member if no successor is named."""
    return do(LeaveGuild(successor=query.successor))


@routes.put("/guild/leader", **write_operation())
def lead_guild(body: LeadGuild) -> Response:
    """Hand one's guild over to another member, or take one that nobody leads by one's own name."""
    return do(body)


@routes.post("/guild/deposits", **write_operation())
def deposit(body: Deposit) -> Response:
    """Put gold into the treasury of one's guild."""
    return do(body)


@routes.post("/guild/payouts", **write_operation())
def pay_out(body: PayOut) -> Response:
    """Pay a member from the treasury; for the leader."""
    return do(body)
