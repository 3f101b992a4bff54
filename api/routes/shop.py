"""Buy and sell; gold of the day, quests, batches."""

import hashlib
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from api.backend.tokens import Player
from api.http.command_executor import act, do, perform
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
from game.commands import Buy, BuySword, ClaimGold, ClaimReward, Command, Sell
from game.rules import quests, shop

routes = blueprint("shop", "shop")


class InRealm(BaseModel):
    """Of which realm; without it, of the bearer's if there is one."""

    model_config = ConfigDict(extra="forbid")

    realm: int | None = Field(default=None, ge=0, le=1023)


@routes.get("/shop", **read_operation(schemas.Shop, security=[{}, {"bearer": []}]) | operation_kind("shop"))
def wares(query: InRealm) -> Response:
    """The catalogue, with prices in gold; with a realm also how many are left of each edition."""
    player = bearer()
    realm = query.realm if query.realm is not None else (player.realm if player else None)
    if realm is not None and realm >= services().settings.realms:
        raise Problem("unknown_realm", f"realms are 0 to {services().settings.realms - 1}")
    if player:
        services().telemetry.record_view(player, "shop_viewed")
    response = jsonify(swords=catalogue.SWORDS, items=[_ware(name, realm) for name in catalogue.ITEMS])
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:16])
    response.make_conditional(request)
    return response


def _ware(name: str, realm: int | None) -> dict[str, Any]:
    item = catalogue.ITEMS[name]
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


@routes.post("/buy_sword", **write_operation())
def buy_sword(body: BuySword) -> Response:
    """Buy one sword."""
    return do(body)


@routes.post("/purchases", **write_operation())
def buy(body: Buy) -> Response:
    """Buy items of the shop."""
    return do(body)


@routes.post("/sales", **write_operation())
def sell(body: Sell) -> Response:
    """Sell items back for half of their price."""
    return do(body)


@routes.post("/claim_gold", **write_operation())
def claim_gold() -> Response:
    """Daily gold, once a day (UTC)."""
    return do(ClaimGold())


@routes.get("/quests", **read_operation(schemas.Quests))
def list_quests() -> Response:
    """The quests, and which reward is to be had."""
    player = current_player()
    has = services().ledger.holdings(player.realm, player.owner).settled
    return jsonify(
        quests=[
            {
                "quest": name,
                "title": quest.title,
                "reward": quest.reward,
                "ready": not quests.is_rewarded(name, has) and quests.fulfilled_by(quest, has) is not None,
                "done": quests.is_rewarded(name, has),
            }
            for name, quest in catalogue.QUESTS.items()
        ]
    )


@routes.post("/quests", **write_operation())
def claim_reward(body: ClaimReward) -> Response:
    """Have the reward of a quest, once."""
    return do(body)


@routes.post("/batches", **write_operation(responses={"202": schemas.Event, "200": schemas.BatchItemResult}))
def batch(body: Batch) -> Response:
    """Up to 50 actions: as one event, all or nothing, or one after the other with a result for each."""
    player, key = current_player(), key_of(request)
    if body.atomic:
        return act(player, key, lambda scene: combine(body.actions, scene))
    parts = enumerate(body.actions)
    return jsonify(results=[_result(player, key.of_part(i) if key else None, action) for i, action in parts])


def _result(player: Player, key: Key | None, action: Command) -> dict[str, Any]:
    try:
        return {"status": HTTPStatus.ACCEPTED, "body": perform(player, key, action.decide).body}
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            raise
        count_rejection(problem.code, problem.status)
        return {"status": problem.status, "body": problem.body}
