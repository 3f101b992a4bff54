"""Who may do what in Redis: one user for each part, with no more than it needs.

Redis checks the commands inside a function against the caller's rules too. So ``api``, which runs ``reserve``, may
write, but only the keys of holds and of event statuses: no bug and no intruder in the API can change a balance, not
even by calling ``settle``. (Naming single functions, ``+fcall|reserve``, is deprecated in Redis 7.)
"""

import hashlib

_REALM = " ".join(f"%RW~realm:{{{'?' * digits}}}" for digits in (1, 2, 3, 4))  # the declared key; up to 1024 realms
_SESSION = "+ping +hello +client|setname +info"

RULES = {
    "admin": "~* &* +@all",
    "api": f"resetchannels %R~realm:* {_REALM} %RW~realm:*:holds %RW~realm:*:deadlines %RW~realm:*:held "
    f"%RW~realm:*:event:* -@all {_SESSION} +fcall +fcall_ro +time +exists +get +set +del "
    "+hget +hgetall +hset +hdel +hincrby +zadd +zrem +zrangebyscore",
    "settler": f"resetchannels ~realm:* -@all {_SESSION} +fcall +fcall_ro +function|load +function|list +get "
    "+set +mget +del +exists +expire +hget +hset +hdel +hkeys +hgetall +hincrby +zrem +rpush +lindex +lpop",
    "inspector": f"resetchannels %R~realm:* -@all {_SESSION} +@read -@dangerous +fcall_ro "
    "+command +command|docs +dbsize",
}


def acl_file(passwords: dict[str, str]) -> str:
    """The text of Redis's ACL file for these users, with hashed passwords. Raises KeyError if one is missing."""
    lines = ["user default off"]
    for user, rules in RULES.items():
        digest = hashlib.sha256(passwords[user].encode()).hexdigest()
        lines.append(f"user {user} on #{digest} {rules}")
    return "\n".join(lines) + "\n"
