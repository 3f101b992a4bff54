"""List the open trades. To give, to offer a trade and to accept it are commands, see ``api.routes.commands``."""

from typing import Any

from flask import Response, jsonify

from api.http.context import find_offer
from api.http.identity import current_player
from api.http.services import services
from api.openapi import schemas
from api.openapi.app import blueprint, read_operation
from game.rules import trading
from game.rules.trading import Goods

routes = blueprint("exchange", "exchange")


@routes.get("/trades", **read_operation(schemas.Trades))
def trades() -> Response:
    """List the open offers of the last day that the player has made or received."""
    player = current_player()
    balances = services().ledger.holdings(player.realm, player.owner).settled
    offers = [find_offer(player.realm, event_id) for event_id in trading.open_offers(balances)]
    return jsonify(
        trades=[
            {
                "id": offer.id,
                "from": offer.giver,
                "to": offer.taker,
                "give": _goods(offer.give),
                "want": _goods(offer.want),
                "mine": offer.giver == player.name,
            }
            for offer in offers
            if offer
        ]
    )


def _goods(goods: Goods) -> dict[str, Any]:
    return {"gold": goods.gold, "item": goods.item, "quantity": goods.quantity}
