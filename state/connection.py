"""Opens connections to Redis."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from state.settings import Settings

# A call of the ledger takes under a millisecond; a Redis that is silent for longer than this is down or paused.
TIMEOUT_SECONDS = 5.0


def connect(settings: Settings) -> redis.Redis:
    """A thread-safe client with its own pool. It never repeats a command by itself: a repeated ``reserve`` would see
    the hold of its own first try and take it for somebody else's."""
    return redis.Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        username=settings.redis_user,
        password=settings.redis_password.get_secret_value() or None,
        decode_responses=True,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
