"""Access rules for Redis. Each process has its own user, which may use only the commands and keys that it needs.

When a user calls a function, Redis also checks the commands inside the function against the rules of this user. The
user ``api`` calls ``reserve``, so it may write, but only the keys of holds, event statuses and recovery. So neither a
bug nor an intruder in the API can change a balance, not even by calling ``settle``. Rules that allow single functions,
such as ``+fcall|reserve``, are not used, because they are deprecated in Redis 7.
"""

import hashlib

# The key that each function call declares. A realm number has one to four digits, because there are up to 1024 realms.
_REALM = " ".join(f"%RW~realm:{{{'?' * digits}}}" for digits in (1, 2, 3, 4))
_SESSION = "+ping +hello +client|setname +info"

_HOLDS = ("holds", "deadlines", "held", "event:*", "drafts", "attempts", "stale", "run", "recovering")

RULES = {
    "admin": "~* &* +@all",
    "api": f"resetchannels %R~realm:* {_REALM} {' '.join(f'%RW~realm:*:{name}' for name in _HOLDS)} -@all {_SESSION} "
    "+fcall +fcall_ro +time +exists +get +set +del +hget +hgetall +hexists +hset +hdel +hincrby +zadd +zrem +zscore "
    "+zrangebyscore +zrevrangebyscore +zrevrange +zrange +lrange +hlen",
    "settler": f"resetchannels ~realm:* -@all {_SESSION} +fcall +fcall_ro +function|load +function|list +time +get "
    "+set +mget +del +exists +hget +hset +hdel +hkeys +hgetall +hincrby +zadd +zrem +zrangebyscore +rpush +lindex "
    "+lpop +lrange +sadd +spop +smembers +zremrangebyscore +zrange +zrevrange +zrevrangebyscore +hlen",
    "inspector": f"resetchannels %R~realm:* -@all {_SESSION} +@read -@dangerous +fcall_ro "
    "+command +command|docs +dbsize",
    # The user of the library that counts requests for rate limits. It uses only its own keys and its own Lua scripts.
    "limiter": "resetchannels ~LIMITS:* -@all +ping +hello +client|setname +info +get +set +del "
    "+incrby +expire +ttl +eval +evalsha +script|load +script|exists",
}


def acl_file(passwords: dict[str, str]) -> str:
    """Return the text of Redis's ACL file, with hashed passwords. Raises KeyError if a user's password is missing."""
    # No client can log in as the default user. But Redis replays its append-only file as this user, and skips every
    # transaction that the user may not run. Each ledger call is a transaction in that file, so the default user must be
    # allowed to run everything.
    lines = ["user default off ~* &* +@all"]
    for user, rules in RULES.items():
        digest = hashlib.sha256(passwords[user].encode()).hexdigest()
        lines.append(f"user {user} on #{digest} {rules}")
    return "\n".join(lines) + "\n"
