"""Prepare a realm in which the requests from the API's document succeed."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from api.http.identity import OPERATOR_HEADER
from api.openapi.schemas import EXAMPLE_ID
from tests.support.api_document import OPERATIONS, OPERATOR, SETTINGS
from tests.support.api_harness import Api
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from schemathesis import Case

# Requests that must precede the document's example of an operation, so that it can succeed, with their player.
SWORD = ("carol", "POST", "/buy_sword", {"sword": "iron_sword"})

BOBS_GUILD = ("bob", "POST", "/guilds", {"guild": "knights"})

OWN_GUILD = [("carol", "POST", "/guilds", {"guild": "knights"}), ("bob", "POST", "/guilds/knights/members", None)]

OFFER = ("bob", "POST", "/trades", {"to": "carol", "give": {"gold": 1}, "want": {"gold": 1}})

STRONG = ("bob", "POST", "/buy_sword", {"sword": "steel_sword"})

STRUCK = ("bob", "POST", "/strikes", {"target": "carol"})

BEFORE: dict[str, list[tuple[str, str, str, dict[str, Any] | None]]] = {
    "sell": [SWORD],
    "enchant_sword": [SWORD],
    "strike": [SWORD],
    "claim_reward": [SWORD],
    "drink": [STRONG, STRUCK, ("carol", "POST", "/purchases", {"item": "small_potion", "quantity": 3})],
    "revive": [STRONG, *[STRUCK] * 4],
    "accept_trade": [OFFER],
    "decline_trade": [OFFER],
    "event": [("carol", "POST", "/claim_gold", None)],
    "show_guild": [BOBS_GUILD],
    "enter_guild": [BOBS_GUILD],
    "leave_guild": OWN_GUILD,
    "lead_guild": OWN_GUILD,
    "deposit": OWN_GUILD,
    "pay_out": [*OWN_GUILD, ("carol", "POST", "/guild/deposits", {"gold": 50})],
}


class ApiWorld(Api):
    """A realm with two players: carol sends the requests, and bob is the player that the document's examples name."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__(server, **SETTINGS)
        self.players = {name: self.register(name) for name in ("carol", "bob")}
        self.newcomers = 0
        self.known_id = EXAMPLE_ID
        self.is_prepared = False

    def prepare(self, name: str) -> None:
        """Prepare the world for the first case of an operation, which is the document's example.

        Nothing is prepared for later cases. They run in the state that the earlier cases have left.
        """
        if self.is_prepared:
            return
        self.is_prepared = True
        for player, method, path, body in BEFORE.get(name, []):
            headers = self.players[player] | {OPERATOR_HEADER: OPERATOR}
            answer = self.client.open(path, method=method, json=body, headers=headers)
            assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
            self.known_id = answer.json["id"]

    def newcomer(self) -> dict[str, str]:
        self.newcomers += 1
        return self.register(f"newcomer_{self.newcomers}")

    def headers(self, operation: str) -> dict[str, str]:
        """Return the headers for a request. A request to depart gets a new player each time."""
        player = self.newcomer() if operation == "depart" else self.players["carol"]
        return player | {OPERATOR_HEADER: OPERATOR}

    def put_in_place_of_examples(self, case: Case) -> None:
        """Replace the ids of the document with those of this world, and its key with an unused one."""
        for name in ("trade", "event_id"):
            if case.path_parameters.get(name) == EXAMPLE_ID:
                case.path_parameters[name] = self.known_id
        for header in OPERATIONS[case.operation.definition.raw["operationId"]][2].get("parameters", []):
            examples = header["schema"].get("examples", ())
            if header["name"] == "Idempotency-Key" and case.headers.get("Idempotency-Key") in examples:
                self.newcomers += 1
                case.headers["Idempotency-Key"] = str(uuid.UUID(int=self.newcomers))
