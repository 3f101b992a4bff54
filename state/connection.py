"""Creates clients of Redis."""

import uuid
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from infra.settings import Settings

# A call of the ledger takes less than a millisecond; a Redis that is silent for this time is down or paused.
TIMEOUT_SECONDS = 5.0
# More than the threads of any process. With redis-py's own limit of 100, the next thread would get an error.
MAX_CONNECTIONS = 1000


def hash_tag(realm: int) -> str:
    """Return the prefix of all keys of a realm. The braces put them into one slot of a Redis Cluster."""
    return f"realm:{{{realm}}}"


def connect(settings: Settings, *, attach: bool = False, timeout: float = TIMEOUT_SECONDS) -> redis.Redis:
    """Create a thread-safe client with its own pool, which waits ``timeout`` seconds for a response.

    It never repeats a command by itself: a repeated ``reserve`` would find the hold of its first attempt and take it
    for the hold of another request.

    A client that takes or settles holds must ``attach``: before its first command, each new connection calls the
    function ``attach``, which closes the realms if Redis was restarted. A restart breaks all older connections, so that
    none of them can miss it.
    """

    def attach_realms(connection: Any) -> None:  # redis-py's annotation lacks the argument
        connection.on_connect()
        for realm in range(settings.realms):
            connection.send_command("FCALL", "attach", 1, hash_tag(realm), str(uuid.uuid4()))
        for _ in range(settings.realms):
            connection.read_response()

    return redis.Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        username=settings.redis_user,
        password=settings.redis_password.get_secret_value() or None,
        decode_responses=True,
        socket_timeout=timeout,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        max_connections=MAX_CONNECTIONS,
        redis_connect_func=attach_realms if attach else None,  # type: ignore[arg-type]
    )
