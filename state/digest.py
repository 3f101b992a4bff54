"""Computes a digest of the part of a realm's state that depends on the log alone."""

import hashlib
import json
from typing import Any

import redis

from state.connection import hash_tag

# Number of statuses to read in one round trip, about 100 kB.
PAGE = 1000


def digest(connection: redis.Redis, realm: int) -> str:
    """Return a SHA-256 digest of 64 hexadecimal digits. It is equal for two Redis servers that settled the same log.

    Call this only while no process settles records in the realm, because otherwise the digest mixes several states. A
    rebuild can make sure of this, because it alone may settle. Raises redis.RedisError.
    """
    key = hash_tag(realm)
    sha = hashlib.sha256()

    def add(value: object) -> None:
        sha.update(json.dumps(value, sort_keys=True).encode() + b"\n")

    for name in ("offset", "generation", "malformed_run"):
        add(connection.get(f"{key}:{name}"))
    add(connection.hgetall(f"{key}:totals"))
    add(connection.hgetall(f"{key}:types"))
    add(connection.lrange(f"{key}:rejected", 0, -1))
    for board in ("gold", "victories", "health", "members"):
        add(connection.zrange(f"{key}:rank:{board}", 0, -1, withscores=True))
    owners: Any = connection.smembers(f"{key}:owners")
    for owner in sorted(owners):
        add([owner, connection.hgetall(f"{key}:{owner}"), connection.zrange(f"{key}:{owner}:history", 0, -1)])
    start = 0
    while page := _final_statuses(connection, key, start):
        add(page)
        start += PAGE
    return sha.hexdigest()


def _final_statuses(connection: redis.Redis, key: str, start: int) -> list[tuple[str, str | None]]:
    entries: Any = connection.lrange(f"{key}:finals", start, start + PAGE - 1)
    if not entries:
        return []
    ids = [entry.split(" ")[2] for entry in entries]
    lines: Any = connection.mget([f"{key}:event:{event_id}" for event_id in ids])
    stale: Any = connection.hgetall(f"{key}:stale")
    # A pending status does not depend on the log alone. Use the stale status that it has replaced instead.
    final = [
        stale.get(event_id) if line and line.startswith("pending") else line
        for event_id, line in zip(ids, lines, strict=True)
    ]
    return list(zip(entries, final, strict=True))
