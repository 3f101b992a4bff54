"""Write records into the topic like a foreign program: garbage, forged events, and copies of real events.

None of these records may change a balance. This module does not write the one kind of forgery that would change one. A
program with write access to Kafka can mint gold with a well-formed event that debits the house. The programs that read
from Kafka cannot distinguish such an event from one that the API wrote.
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

# Number of older records to copy: enough to include some purchases, but few compared with the players' own records.
COPIES = 15

# A generation that no realm ever has. Generations are offsets, and no log becomes this long.
_FAR_GENERATION = 10**15

_LARGE_VALUE_BYTES = 1_000_000  # just below the size of the largest record that a broker accepts by default


def write(settings: Settings, rng: random.Random) -> int:
    """Write records into the partition of every realm, and return how many were written.

    Raises kafka.errors.KafkaError, or TimeoutError if Kafka does not respond in time.
    """
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
    """Yield record values that are not valid events of this realm."""
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
    """Yield a well-formed event that no balance covers, and events from a generation that is not the realm's."""
    yield json.dumps(_event(realm) | {"generation": generation}).encode()
    yield json.dumps(_event(realm) | {"generation": _FAR_GENERATION}).encode()
    mint = _transfer(debit="house:mint")
    yield json.dumps(_event(realm) | {"generation": _FAR_GENERATION, "transfers": [mint]}).encode()
    for time in ("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"):
        yield json.dumps(_event(realm) | {"generation": _FAR_GENERATION, "time": time}).encode()
    strange = {"": "", "quote": "'\"\\", "line": "a\nb c", "nul": "\0", "wide": "\U0001f5e1", "number": 10**40}
    yield json.dumps(_event(realm) | {"generation": _FAR_GENERATION, "details": strange}).encode()


def copies(records: list[Record], rng: random.Random) -> list[bytes | None]:
    """Return the values of some records that the realm's log already contains."""
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
