"""How often a player and an address may ask: Flask-Limiter, with its counters in Redis."""

import logging
import math
import time
from http import HTTPStatus
from typing import Final

import redis
from flask import Response, request
from flask_limiter import ApplicationLimit, Limiter, RequestLimit
from flask_limiter.errors import RateLimitExceeded

from api.http.identity import bearer, is_operator
from api.openapi.app import Api
from api.problems.problems import Problem, respond
from infra.settings import Settings

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 0.5  # a Redis that is silent for longer does not keep requests from being answered

# Operators look at these while something is wrong, and supervisors often.
_EXEMPT: Final = frozenset({"/healthz", "/readyz", "/metrics"})


def register_limits(app: Api, settings: Settings) -> None:
    """Limit requests, with the headers of draft-ietf-httpapi-ratelimit-headers-03 and Retry-After. If the counters do
    not answer, requests are served: the rules of the game do not rest on limits."""
    limiter = Limiter(
        key_func=_address,
        application_limits=[
            ApplicationLimit(settings.limit_player, key_function=_player),
            ApplicationLimit(settings.limit_address, key_function=_address),
        ],
        strategy="fixed-window",  # one round trip; the others need a script that is several times as dear
        storage_uri=f"redis://{settings.redis_host}:{settings.redis_port}",
        storage_options={
            "username": "limiter",
            "password": settings.limiter_password.get_secret_value(),
            "socket_timeout": TIMEOUT_SECONDS,  # type: ignore[dict-item]  # its annotation knows no numbers but whole ones
            "socket_connect_timeout": TIMEOUT_SECONDS,  # type: ignore[dict-item]
        },
        swallow_errors=True,
    )
    limiter.request_filter(_is_exempt)
    limiter.init_app(app)

    @app.errorhandler(RateLimitExceeded)
    def refuse(error: RateLimitExceeded) -> Response:
        limit = error.limit.limit
        detail = f"more than {limit.amount} requests in {limit.get_expiry()} seconds: wait for Retry-After"
        return respond(Problem("too_many_requests", detail))

    # Not the library's own headers: it puts Retry-After on every answer and says the time of a reset since 1970.
    @app.after_request
    def say(response: Response) -> Response:
        limit = limiter.current_limit
        if limit:
            try:
                response.headers.update(_headers(limit, response.status_code))
            except redis.RedisError as error:
                # The answer is decided, and an action may have been accepted: counters that are slow do not change it.
                logger.warning("the counters of requests do not answer: %s", error)
        return response


def _headers(limit: RequestLimit, status: int) -> dict[str, str]:
    """What a client should know of its limit. Asks the counters, and raises redis.RedisError."""
    seconds = str(max(0, math.ceil(limit.reset_at - time.time())))
    headers = {
        "RateLimit-Limit": str(limit.limit.amount),
        "RateLimit-Remaining": str(max(0, limit.remaining)),
        "RateLimit-Reset": seconds,
    }
    return headers | ({"Retry-After": seconds} if status == HTTPStatus.TOO_MANY_REQUESTS else {})


def _is_exempt() -> bool:
    return request.path in _EXEMPT or is_operator(request)


def _address() -> str:
    return request.remote_addr or "unknown"


def _player() -> str:
    """Without a player the address counts for both limits."""
    player = bearer()
    return f"{player.realm}:{player.name}" if player else _address()
