"""Check the table of rights in docs/concepts/guarantees.md.

Every Redis user calls every function of the ledger.
"""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from infra.paths import ROOT
from stack.instance import REDIS_USERS

pytestmark = pytest.mark.redis

REALM, OWNER, TOKEN, HELD, NEW = "realm:{1}", "player:ada", "token", "e1-000000", "e2-000000"
READS = frozenset({"confirm", "event", "history", "holdings", "overview", "ranking", "snapshot"})


def table() -> dict[tuple[str, str], bool]:
    """Return a mapping from (function, user) to whether the document allows the call."""
    page = (ROOT / "docs" / "concepts" / "guarantees.md").read_text()
    lines = (page[page.index("| function | api |") :]).partition("\n\n")[0].splitlines()
    head, _, *rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    return {(row[0], user): cell == "yes" for row in rows for user, cell in zip(head[1:], row[1:], strict=True)}


def record(offset: int, event_id: str, event_type: str = "gold_found", **changed: Any) -> str:
    transfers = [] if event_type == "fence" else [["house:mint", f"{OWNER}:gold", 50]]
    known = {"id": event_id, "type": event_type, "offset": offset, "at": 1, "player": "ada", "generation": 0}
    return json.dumps(known | {"request": "-", "details": "{}", "transfers": transfers} | changed)


def reservation(event_id: str, hold_ms: int) -> list[str | int]:
    debits = json.dumps([[f"{OWNER}:gold", 10]])
    return [event_id, "sword_bought", "ada", hold_ms, debits, "[]", "0" * 16, "{}", "{}", 1, ""]


# Maps each function to its arguments. With these arguments a call executes every Redis command on the function's usual
# path.
ARGUMENTS: dict[str, list[str | int]] = {
    "attach": [TOKEN],
    "reserve": reservation(NEW, 60_000),
    "resume": [HELD, 60_000, 1000],
    "suspend": [HELD, "1"],
    "release": [HELD, 0],
    "confirm": [HELD, 0],
    "sweep": [],
    "settle": ["", 0, record(2, NEW)],
    "begin_rebuild": [TOKEN],
    "wipe": [TOKEN, 1000],
    "end_rebuild": [TOKEN],
    "holdings": [OWNER],
    "event": [HELD],
    "history": [OWNER, "before", 99, 5],
    "ranking": ["gold", 0, 5],
    "overview": [5],
    "snapshot": [],
}


def prepare(admin: redis.Redis, function: str) -> None:
    """Bring the realm into a state in which the function has something to do."""
    admin.fcall("attach", 1, REALM, TOKEN)
    admin.fcall("settle", 1, REALM, "", 0, record(0, TOKEN, "fence", player="-", generation=-1), record(1, "e0-000000"))
    admin.fcall("reserve", 1, REALM, *reservation(HELD, 1 if function == "sweep" else 60_000))
    time.sleep(0.005)  # longer than the attempt lasts; for sweep also longer than the hold lasts
    if function == "attach":
        admin.set(f"{REALM}:run", "another server")
    if function in ("wipe", "end_rebuild"):
        admin.fcall("begin_rebuild", 1, REALM, TOKEN)


@pytest.mark.parametrize("user", REDIS_USERS)
def test_user_may_call_what_the_document_says(empty_redis: Any, user: str) -> None:
    admin, connection = empty_redis.connection("admin"), empty_redis.connection(user)
    found = {}
    for function, arguments in ARGUMENTS.items():
        realm_keys = admin.keys(f"{REALM}:*")
        if realm_keys:
            admin.delete(*realm_keys)
        prepare(admin, function)
        call: Callable[..., Any] = connection.fcall_ro if function in READS else connection.fcall
        found[function] = is_allowed(lambda call=call, name=function, args=arguments: call(name, 1, REALM, *args))
    assert found == {function: allowed for (function, name), allowed in table().items() if name == user}


def is_allowed(call: Callable[[], Any]) -> bool:
    try:
        call()
    except redis.exceptions.NoPermissionError:
        return False
    except redis.ResponseError as error:
        if not re.search(r"ACL failure|can't (run|access)|permission", str(error)):
            raise
        return False
    return True
