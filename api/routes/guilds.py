"""List guilds and show one guild. All changes of a guild are commands, see ``api.routes.commands``."""

from datetime import UTC, datetime

from flask import Response, jsonify
from pydantic import BaseModel, Field

from api.http.identity import current_player
from api.http.services import services
from api.openapi import schemas
from api.openapi.app import blueprint, operation_kind, read_operation
from api.problems.problems import Problem
from api.routes.players import Page
from game.accounts import NAME
from game.decision import Balances
from game.events import format_time
from game.rules import guilds

routes = blueprint("guilds", "guilds")


class GuildPath(BaseModel):
    """A guild's name in the path."""

    guild: str = Field(pattern=rf"^{NAME}$", json_schema_extra={"example": "knights"})


@routes.get("/guilds", **read_operation(schemas.Guilds))
def list_guilds(query: Page) -> Response:
    """List the guilds in the realm that have members. The largest guild comes first."""
    places = services().ledger.ranking(current_player().realm, "members", query.offset, query.limit)
    found = [{"guild": owner.partition(":")[2], "members": n} for owner, n in places]
    following = query.offset + query.limit if len(places) == query.limit else None
    return jsonify(guilds=found, next=following)


@routes.get("/guilds/<guild>", **read_operation(schemas.Guild) | operation_kind("found"))
def show_guild(path: GuildPath) -> Response:
    """Show a guild with its members. The member who joined first comes first."""
    realm = current_player().realm
    balances = services().ledger.holdings(realm, f"guild:{path.guild}").settled
    if not guilds.is_founded(balances):
        raise Problem("not_found", f"there is no guild {path.guild} in this realm")
    members = guilds.members(balances)
    return jsonify(
        guild=path.guild,
        leader=_leader(realm, path.guild, balances),
        seats_free=balances.get("seat", 0),
        members=[
            {"player": name, "since": format_time(datetime.fromtimestamp(minute * 60, UTC))}
            for name, minute in members.items()
        ],
        treasury=balances.get("gold", 0),
    )


def _leader(realm: int, guild: str, balances: Balances) -> str | None:
    """Return the leader of the guild, or None if it has no leader.

    Reads the balances of one member after the other until one of them has the guild's crown. That is fast enough,
    because a guild is small, and unambiguous, because only one owner can have the crown.
    """
    if guilds.has_crown(balances):
        return None
    ledger = services().ledger
    return next(
        (
            name
            for name in guilds.members(balances)
            if guilds.leads(ledger.holdings(realm, f"player:{name}").settled) == guild
        ),
        None,
    )
