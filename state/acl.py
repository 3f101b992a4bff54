"""Who may do what in Redis: one user for each part, with no more than it needs.

Redis checks the commands inside a function against the caller's rules too. So ``api``, which runs ``reserve``, may
write, but only the keys of holds, of event statuses and of recovery: no bug and no intruder in the API can change a
balance, not even by calling ``settle``. (Naming single functions, ``+fcall|reserve``, is deprecated in Redis 7.)
"""

import hashlib

_REALM = " ".join(f"%RW~realm:{{{'?' * digits}}}" for digits in (1, 2, 3, 4))  # the declared key; up to 1024 realms
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
    # Of the library that counts requests; it reads and writes its own keys, by scripts of its own.
    "limiter": "resetchannels ~LIMITS:* -@all +ping +hello +client|setname +info +get +set +del "
    "+incrby +expire +ttl +eval +evalsha +script|load +script|exists",
}


def acl_file(passwords: dict[str, str]) -> str:
    """The text of Redis's ACL file for these users, with hashed passwords. Raises KeyError if one is missing."""
    # Nobody can log in as the default user. But when Redis reads its append-only file it acts as that user, and leaves
    # out every transaction, so each call of the ledger, that the default user may not run.
    lines = ["user default off ~* &* +@all"]
    for user, rules in RULES.items():
        digest = hashlib.sha256(passwords[user].encode()).hexdigest()
        lines.append(f"user {user} on #{digest} {rules}")
    return "\n".join(lines) + "\n"
