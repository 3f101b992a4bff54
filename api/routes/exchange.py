"""Gifts and trades."""

from typing import Any

from flask import Response, jsonify
from pydantic import BaseModel, Field

from api.http.command_executor import do
from api.http.context import find_offer
from api.http.identity import current_player
from api.http.services import services
from api.openapi import schemas
from api.openapi.app import blueprint, read_operation, write_operation
from game.commands import AcceptTrade, DeclineTrade, Give, OfferTrade
from game.rules import trading
from game.rules.trading import Goods

routes = blueprint("exchange", "exchange")


class TradePath(BaseModel):
    """Which offer."""

    trade: str = Field(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", json_schema_extra={"example": schemas.EXAMPLE_ID}
    )


@routes.post("/gifts", **write_operation())
def give(body: Give) -> Response:
    """Give another player gold, an item, or both."""
    return do(body)


@routes.get("/trades", **read_operation(schemas.Trades))
def trades() -> Response:
    """The open offers of the last day that one has made or got."""
    player = current_player()
    has = services().ledger.holdings(player.realm, player.owner).settled
    offers = [find_offer(player.realm, event_id) for event_id in trading.open_offers(has)]
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


@routes.post("/trades", **write_operation())
def offer_trade(body: OfferTrade) -> Response:
    """Offer what one gives for what one wants. The id of the event is the id of the trade."""
    return do(body)


@routes.post("/trades/<trade>/acceptance", **write_operation())
def accept_trade(path: TradePath) -> Response:
    """Accept an offer: both sides change hands in one event, or neither."""
    return do(AcceptTrade(trade=path.trade))


@routes.delete("/trades/<trade>", **write_operation())
def decline_trade(path: TradePath) -> Response:
    """Withdraw one's own offer, or decline another's."""
    return do(DeclineTrade(trade=path.trade))


def _goods(goods: Goods) -> dict[str, Any]:
    return {"gold": goods.gold, "item": goods.item, "quantity": goods.quantity}
