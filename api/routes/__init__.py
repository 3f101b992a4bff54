"""The routes. Each one reads what it must, and lets one command be done or shows one thing."""

from api.openapi.app import Api
from api.routes import exchange, fights, guilds, players, reads, shop, system


def register_routes(app: Api) -> None:
    """All routes of the API."""
    for module in (players, shop, fights, exchange, guilds, reads, system):
        app.register_api(module.routes)
