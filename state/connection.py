"""Opens connections to Redis."""

import uuid
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from infra.settings import Settings

# A call of the ledger takes under a millisecond; a Redis that is silent for longer than this is down or paused.
TIMEOUT_SECONDS = 5.0
# More than any process has threads: redis-py's own limit of 100 would answer the next one with an error.
MAX_CONNECTIONS = 1000


def hash_tag(realm: int) -> str:
    """What every key of a realm starts with. The braces put them into one slot of a Redis Cluster."""
    return f"realm:{{{realm}}}"


def connect(settings: Settings, *, attach: bool = False, timeout: float = TIMEOUT_SECONDS) -> redis.Redis:
    """A thread-safe client with its own pool, which waits ``timeout`` seconds for an answer. It never repeats a command
    by itself: a repeated ``reserve`` would see the hold of its own first try and take it for somebody else's.

    Who takes or settles holds must ``attach``: each new connection then looks, before its first command, whether this
    is the Redis that the realms were last seen on. A Redis that was restarted has broken all older connections.
    """

    def look(connection: Any) -> None:  # redis-py's annotation forgets the argument
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
        redis_connect_func=look if attach else None,  # type: ignore[arg-type]
    )
