"""Access rules of Redis: one user for each process, with only the commands and keys that it needs.

Redis also checks the commands inside a function against the rules of the caller. So ``api``, which calls ``reserve``,
may write, but only the keys of holds, event statuses and recovery: neither a bug nor an intruder in the API can change
a balance, not even by calling ``settle``. (Rules for single functions, ``+fcall|reserve``, are deprecated in Redis 7.)
"""

import hashlib

_REALM = " ".join(f"%RW~realm:{{{'?' * digits}}}" for digits in (1, 2, 3, 4))  # the declared key, for up to 1024 realms
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
    # For the library that counts requests: it reads and writes its own keys with its own scripts.
    "limiter": "resetchannels ~LIMITS:* -@all +ping +hello +client|setname +info +get +set +del "
    "+incrby +expire +ttl +eval +evalsha +script|load +script|exists",
}


def acl_file(passwords: dict[str, str]) -> str:
    """Return the text of Redis's ACL file, with hashed passwords. Raises KeyError if a user's password is missing."""
    # Logins as the default user are off. But Redis reads its append-only file as that user, and skips every transaction
    # that the user may not run. Each call of the ledger is a transaction, so the user may run everything.
    lines = ["user default off ~* &* +@all"]
    for user, rules in RULES.items():
        digest = hashlib.sha256(passwords[user].encode()).hexdigest()
        lines.append(f"user {user} on #{digest} {rules}")
    return "\n".join(lines) + "\n"
