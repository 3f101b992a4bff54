"""Write records into the topic like a foreign program: garbage, forged events, and copies of real events.

No record of these may change a balance. Records that would are left out: a program with write access to Kafka can mint
gold with a well-formed event that debits the house, and no check behind Kafka can tell that event from the API's.
"""

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from game.events import VERSION, format_time
from infra.kafka.clients import open_producer
from infra.settings import Settings
from load.checker.collect import read_log
from load.checker.model import Record, fold

COPIES = 15  # of older records: enough that some are purchases, and few beside the records of the players

# No realm ever has this generation: a generation is an offset, and no log grows this long.
_FAR_GENERATION = 10**15

_LARGE_VALUE_BYTES = 1_000_000  # just below the maximum that a broker accepts by default


def write(settings: Settings, rng: random.Random) -> int:
    """Write into every realm. Returns the number of records. Raises kafka.errors.KafkaError or TimeoutError."""
    log = read_log(settings)
    producer = open_producer(settings, max_request_size=2 * _LARGE_VALUE_BYTES)
    sent = []
    try:
        for realm, records in log.items():
            values = [*garbage(realm), *forged(realm, fold(realm, records).generation), *copies(records, rng)]
            rng.shuffle(values)
            sent += [producer.send(settings.topic, key=b"stranger", value=v, partition=realm) for v in values]
        for future in sent:
            future.get(timeout=30)
    finally:
        producer.close()
    return len(sent)


def garbage(realm: int) -> Iterator[bytes | None]:
    """Yield values that are not an event of this realm."""
    valid = _event(realm)
    yield from (None, b"", b"\xff\x00 garbage", b"null", b"[]", b"{}", b'"event"', b"[" * 5000)
    yield json.dumps(valid).encode()[:-40]
    yield json.dumps(valid | {"details": {"padding": "x" * _LARGE_VALUE_BYTES}}).encode()
    for field, wrong in (
        ("realm", realm + 1),
        ("realm", str(realm)),
        ("version", VERSION + 1),
        ("version", "1"),
        ("id", 7),
        ("id", "not an id"),
        ("player", "{0}:mallory"),
        ("time", "yesterday"),
        ("generation", -2),
        ("generation", 0.5),
        ("generation", 10**30),
        ("details", []),
        ("details", {"gold": float("nan")}),
        ("transfers", {}),
        ("type", "Gold Stolen"),
        ("surplus", 1),
    ):
        yield json.dumps(valid | {field: wrong}).encode()
    for amount in (-5, 0, "5", 1.5, 10**9 + 1, 2**70):
        yield json.dumps(valid | {"transfers": [_transfer(amount=amount)]}).encode()
    for account in ("bank:robber:gold", "player:mallory", "player:mallory:gold:held:x", "house:", "player:Eve:gold"):
        yield json.dumps(valid | {"transfers": [_transfer(account=account)]}).encode()


def forged(realm: int, generation: int) -> Iterator[bytes]:
    """Yield well-formed events that no balance covers, and events of another generation than the realm's."""
    yield json.dumps(_event(realm) | {"generation": generation}).encode()
    yield json.dumps(_event(realm) | {"generation": _FAR_GENERATION}).encode()
    mint = _transfer(debit="house:mint")
    yield json.dumps(_event(realm) | {"generation": _FAR_GENERATION, "transfers": [mint]}).encode()
    for time in ("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"):
        yield json.dumps(_event(realm) | {"generation": _FAR_GENERATION, "time": time}).encode()
    strange = {"": "", "quote": "'\"\\", "line": "a\nb c", "nul": "\0", "wide": "\U0001f5e1", "number": 10**40}
    yield json.dumps(_event(realm) | {"generation": _FAR_GENERATION, "details": strange}).encode()


def copies(records: list[Record], rng: random.Random) -> list[bytes | None]:
    """Return some of the realm's own records again."""
    return [record.value for record in rng.sample(records, min(COPIES, len(records)))]


def _event(realm: int) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "type": "gold_stolen",
        "version": VERSION,
        "realm": realm,
        "player": "mallory",
        "time": format_time(datetime.now(UTC)),
        "generation": -1,
        "request": "",
        "details": {},
        "transfers": [_transfer()],
    }


def _transfer(amount: object = 1000, account: str = "player:mallory:gold", debit: str = "player:nobody:gold") -> Any:
    return {"debit": debit, "credit": account, "amount": amount}
