"""Strike, drink, get up again."""

from flask import Response

from api.http.command_executor import do
from api.openapi.app import blueprint, write_operation
from game.commands import Drink, Revive, Strike

routes = blueprint("fights", "fights")


@routes.post("/strikes", **write_operation())
def strike(body: Strike) -> Response:
    """Strike another player, with the best sword if none is named. Who fells the other has the bounty."""
    return do(body)


@routes.post("/potions", **write_operation())
def drink(body: Drink) -> Response:
    """Drink a potion against wounds."""
    return do(body)


@routes.post("/revivals", **write_operation())
def revive() -> Response:
    """Get up again, for gold."""
    return do(Revive())
