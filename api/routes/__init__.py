"""Define the routes of the API.

The routes of most commands derive from the catalogue of commands. The other routes read state or need special code.
"""

from api.openapi.app import Api, blueprint
from api.routes import exchange, guilds, players, reads, shop, system
from api.routes.commands import register_commands

_FIGHTS = blueprint("fights", "fights")
_BLUEPRINTS = {
    "players": players.routes,
    "shop": shop.routes,
    "fights": _FIGHTS,
    "exchange": exchange.routes,
    "guilds": guilds.routes,
}
register_commands(_BLUEPRINTS)


def register_routes(app: Api) -> None:
    """Register all routes of the API."""
    for routes in (*_BLUEPRINTS.values(), reads.routes, system.routes):
        app.register_api(routes)
