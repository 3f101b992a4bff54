"""Show the shop and the quests, and execute batches.

To buy, to sell and to claim a reward are commands, see ``api.routes.commands``.
"""

import hashlib
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from api.backend.tokens import Player
from api.http.command_executor import execute, respond
from api.http.idempotency import Key, key_of
from api.http.identity import bearer, current_player
from api.http.request_metrics import count_rejection
from api.http.services import services
from api.openapi import schemas
from api.openapi.app import blueprint, operation_kind, read_operation, write_operation
from api.problems.problems import Problem, problem_of
from game import catalogue
from game.accounts import opening_balance, split
from game.batches import Batch, combine
from game.commands import Command
from game.rules import quests, shop

routes = blueprint("shop", "shop")


class InRealm(BaseModel):
    """The realm whose editions are shown. The default is the realm of the player, if the request has a token."""

    model_config = ConfigDict(extra="forbid")

    realm: int | None = Field(default=None, ge=0, le=1023)


@routes.get("/shop", **read_operation(schemas.Shop, security=[{}, {"bearer": []}]) | operation_kind("shop"))
def wares(query: InRealm) -> Response:
    """Show the catalogue, with prices in gold. With a realm, also show how many pieces of each edition are left."""
    player = bearer()
    realm = query.realm if query.realm is not None else (player.realm if player else None)
    if realm is not None and realm >= services().settings.realms:
        raise Problem("unknown_realm", f"realms are 0 to {services().settings.realms - 1}")
    if player:
        services().telemetry.record_view(player, "shop_viewed")
    response = jsonify(swords=catalogue.SWORDS, items=[_shop_item(name, realm) for name in catalogue.FOR_SALE])
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:16])
    response.make_conditional(request)
    return response


def _shop_item(name: str, realm: int | None) -> dict[str, Any]:
    item = catalogue.FOR_SALE[name]
    left = None
    if item.edition and realm is not None:
        owner, account = split(shop.stock(name))
        settled = services().ledger.holdings(realm, owner).settled
        left = settled.get(account, opening_balance(shop.stock(name)))
    return {
        "item": name,
        "kind": item.kind,
        "price": item.price,
        "sells_for": item.resale,
        "power": item.power,
        "edition": item.edition,
        "left": left,
    }


@routes.get("/quests", **read_operation(schemas.Quests))
def list_quests() -> Response:
    """List the quests, and show which rewards the player can claim."""
    player = current_player()
    balances = services().ledger.holdings(player.realm, player.owner).settled
    return jsonify(
        quests=[
            {
                "quest": name,
                "title": quest.title,
                "reward": quest.reward,
                "ready": not quests.is_rewarded(name, balances) and quests.fulfilled_by(quest, balances) is not None,
                "done": quests.is_rewarded(name, balances),
            }
            for name, quest in catalogue.QUESTS.items()
        ]
    )


@routes.post("/batches", **write_operation(responses={"202": schemas.Event, "200": schemas.BatchItemResult}))
def batch(body: Batch) -> Response:
    """Do up to 50 actions. An atomic batch is one event, so all of its actions happen or none.

    If the batch is not atomic, each action is an event with a result of its own.
    """
    player, key = current_player(), key_of(request)
    if body.atomic:
        return respond(execute(lambda context: combine(body.actions, context), player, key))
    parts = enumerate(body.actions)
    return jsonify(results=[_result(player, key.of_part(i) if key else None, action) for i, action in parts])


def _result(player: Player, key: Key | None, action: Command) -> dict[str, Any]:
    try:
        return {"status": HTTPStatus.ACCEPTED, "body": execute(action.decide, player, key).body}
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            raise
        count_rejection(problem.code, problem.status)
        return {"status": problem.status, "body": problem.body}
