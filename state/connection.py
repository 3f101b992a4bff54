"""Creates Redis clients."""

import uuid
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from infra.settings import Settings

# A ledger call takes less than a millisecond. So a Redis server that does not respond for this time is down or paused.
TIMEOUT_SECONDS = 5.0
# More than the number of threads in any process. With redis-py's default of 100, the next thread would get an error.
MAX_CONNECTIONS = 1000


def hash_tag(realm: int) -> str:
    """Return the prefix of all keys of a realm. Its braces put these keys into one slot of a Redis Cluster."""
    return f"realm:{{{realm}}}"


def connect(settings: Settings, *, attach: bool = False, timeout: float = TIMEOUT_SECONDS) -> redis.Redis:
    """Create a thread-safe client that has its own connection pool and waits ``timeout`` seconds for a response.

    The client never repeats a command by itself. A repeated ``reserve`` would find the hold that the first attempt has
    taken, and mistake it for the hold of another request.

    ``attach`` must be true for a client that takes or settles holds. Then each new connection calls the Redis function
    ``attach`` before its first command. The function closes the realms if Redis was restarted. No client can miss a
    restart, because a restart breaks all older connections.
    """

    def attach_realms(connection: Any) -> None:  # redis-py's type annotation lacks the argument
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
