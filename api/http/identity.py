"""Identify the sender of a request.

A player is identified by a bearer token (RFC 6750), and a trusted operator by a key.
"""

import hmac

from flask import Request, g, request

from api.backend.tokens import Player
from api.http.services import services
from api.problems.problems import Problem
from infra import json_logging

OPERATOR_HEADER = "Guildhall-Operator"


def bearer() -> Player | None:
    """Return the player whose token came with this request, or None if there is no valid token."""
    if "player" not in g:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        g.player = services().tokens.read(token) if scheme.lower() == "bearer" else None
        if g.player:
            json_logging.bind_context(realm=g.player.realm, player=g.player.name)
    player: Player | None = g.player
    return player


def current_player() -> Player:
    """Return the player who sent this request. Raises Problem 401 if the request has no valid token."""
    player = bearer()
    if player is None:
        raise Problem(
            "unauthorized",
            "send the token that POST /players returned, as Authorization: Bearer <token>",
            {"WWW-Authenticate": 'Bearer realm="guildhall"'},
        )
    return player


def is_operator(sent: Request) -> bool:
    """Return whether the request carries the operator's key."""
    key = services().settings.operator_key.get_secret_value()
    given = sent.headers.get(OPERATOR_HEADER, "")
    return bool(key) and hmac.compare_digest(given.encode(), key.encode())
