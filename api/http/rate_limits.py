"""Limit how many requests a player and an IP address may send, with Flask-Limiter and its counters in Redis."""

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

TIMEOUT_SECONDS: Final = 0.5  # if Redis does not respond within this time, the request is served without a limit

# These paths have no limit, because operators use them while something is wrong, and supervisors poll them.
_EXEMPT: Final = frozenset({"/healthz", "/readyz", "/metrics"})


def register_limits(app: Api, settings: Settings) -> None:
    """Limit requests, and add the headers of draft-ietf-httpapi-ratelimit-headers-03 and Retry-After to responses.

    If the counters in Redis are unreachable, requests are served without limits. That is safe, because the rules of the
    game do not depend on the limits.
    """
    limiter = Limiter(
        key_func=_address,
        application_limits=[
            ApplicationLimit(settings.limit_player, key_function=_player),
            ApplicationLimit(settings.limit_address, key_function=_address),
        ],
        strategy="fixed-window",  # needs one round trip; other strategies need a script that costs several times more
        storage_uri=f"redis://{settings.redis_host}:{settings.redis_port}",
        storage_options={
            "username": "limiter",
            "password": settings.limiter_password.get_secret_value(),
            "socket_timeout": TIMEOUT_SECONDS,  # type: ignore[dict-item]  # its annotation allows only integers
            "socket_connect_timeout": TIMEOUT_SECONDS,  # type: ignore[dict-item]
        },
        swallow_errors=True,
    )
    limiter.request_filter(_is_exempt)
    limiter.init_app(app)

    @app.errorhandler(RateLimitExceeded)
    def reject(error: RateLimitExceeded) -> Response:
        limit = error.limit.limit
        detail = f"more than {limit.amount} requests in {limit.get_expiry()} seconds: wait for Retry-After"
        return respond(Problem("too_many_requests", detail))

    # The library's own headers are not used, because it adds Retry-After to every response. It also gives the reset as
    # seconds since 1970, but the draft requires the seconds until the reset.
    @app.after_request
    def add_headers(response: Response) -> Response:
        limit = limiter.current_limit
        if limit:
            try:
                response.headers.update(_headers(limit, response.status_code))
            except redis.RedisError as error:
                # An action may already be accepted, so unreachable counters must not turn its response into an error.
                logger.warning("the request counters are unreachable: %s", error)
        return response


def _headers(limit: RequestLimit, status: int) -> dict[str, str]:
    """Return the headers that describe the limit.

    Reads the counters in Redis. Raises redis.RedisError if they are unreachable.
    """
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
    """Return the key of the counter for the limit per player.

    If the request has no valid token, the key is the address, so that the address counts for both limits.
    """
    player = bearer()
    return f"{player.realm}:{player.name}" if player else _address()
