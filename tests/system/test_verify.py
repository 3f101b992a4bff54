"""Verify on the real servers: it says yes after every kind of record, and no to a single coin too many."""

import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import redis
from kafka import KafkaProducer
from rich.console import Console

from game.accounts import Transfer
from game.events import FENCE, VOID, Event, encode, new_event
from infra.errors import OperatorError
from infra.paths import ROOT
from infra.presto import QueryResult
from infra.settings import Settings
from load.checker.collect import read_log
from load.checker.model import STALE, ModelLedger
from stack.instance import Instance
from stack.operations.pipeline_status import realm_progress
from stack.operations.reconcile import archive, run
from stack.operations.reconcile.compare import Difference, RealmComparison, differences
from stack.operations.reconcile.render import print_findings
from state.connection import connect
from state.ledger import Ledger
from state.results import Snapshot
from tests.conftest import Player, guildhall, wait_until_caught_up
from tests.integration.redis.test_ledger import NOW

REALM = 1
SEED = 7


def write(instance: Instance, realm: int, values: Sequence[bytes | None]) -> list[int]:
    """Append these records to the realm's partition, as somebody who is not the API; answers their offsets."""
    settings = instance.settings()
    producer = KafkaProducer(bootstrap_servers=settings.kafka, acks="all")
    try:
        sent = [producer.send(settings.topic, key=b"test", value=value, partition=realm) for value in values]
        return [future.get(timeout=30).offset for future in sent]
    finally:
        producer.close()


def generation(instance: Instance, realm: int) -> int:
    return Ledger(connect(instance.settings())).snapshot(realm).generation


def event(event_type: str = "gold_found", *, at: int, event_id: str = "", transfers: Sequence[Transfer] = ()) -> Event:
    """An event of the generation ``at``; it brings eve a coin unless it says otherwise."""
    coin = [Transfer("house:mint", "player:eve:gold", 1)]
    return new_event(
        event_id=event_id or str(uuid.uuid4()),
        event_type=event_type,
        realm=REALM,
        player="eve",
        at=NOW,
        generation=at,
        transfers=() if event_type in (VOID, FENCE) else transfers or coin,
    )


@contextmanager
def admin(instance: Instance) -> Iterator[redis.Redis]:
    connection = connect(instance.settings("admin"))
    try:
        yield connection
    finally:
        connection.close()


@pytest.mark.stack
def test_every_kind_of_record_and_the_same_books(pipeline: Instance) -> None:
    player = Player(pipeline, REALM)
    player.wait_until_settled(player.buy_sword("iron_sword")["id"])
    player.wait_until_settled(player.join_guild("verifiers")["id"])
    old = generation(pipeline, REALM)
    twice, voided, again = event(at=old), event(at=old), event(at=old - 1)
    too_much = event(at=old, transfers=[Transfer(f"player:{player.name}:gold", "player:eve:gold", 71)])
    taken = event(at=old, transfers=[Transfer("player:nobody:vacancy", "house:players", 2)])
    void, fence = event(VOID, at=old, event_id=voided.id), event(FENCE, at=-1)
    write(pipeline, REALM, [encode(e) for e in (twice, twice, void, voided, again, too_much, taken)] + [b"no event"])
    (new,) = write(pipeline, REALM, [encode(fence)])
    after = [fence, event(at=old), event(at=new, event_id=again.id), event(at=new)]
    write(pipeline, REALM, [encode(e) for e in after])
    wait_until_caught_up(pipeline)

    done = guildhall(pipeline, "verify")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Redis and Presto have the same balances" in done.stdout

    settings = pipeline.settings()
    books = run.take_snapshot(settings, REALM)
    assert books.generation == new
    counts = dict(
        run.reconcile_realm(settings, REALM, books, archive.landed_up_to(settings, REALM, books.offset)).counts
    )
    totals = {"telemetry": 0} | Ledger(connect(settings)).totals(REALM)
    assert counts.pop("events") == sum(totals.values()) - totals["malformed"]
    in_ledger = {"effective": "settled", "duplicates": "duplicate", "quarantined": "malformed"}
    assert {in_ledger.get(name, name): n for name, n in counts.items()} == totals
    assert all(totals[name] > 0 for name in ("voided", "stale", "rejected", "duplicate", "malformed"))


@pytest.mark.stack
def test_it_says_yes_while_players_play(pipeline: Instance) -> None:
    command = [sys.executable, "-m", "cli.main", "--home", str(pipeline.home), "verify"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    played = 0
    while process.poll() is None:
        Player(pipeline, played % pipeline.realms).post("/buy_sword", sword="wooden_sword")
        played += 1
    out, _ = process.communicate()
    assert process.returncode == 0, out
    assert played > 3


@pytest.mark.stack
def test_a_coin_too_many_is_found_and_named(pipeline: Instance) -> None:
    player = Player(pipeline, REALM)
    key = f"realm:{{{REALM}}}:player:{player.name}"
    with admin(pipeline) as connection:
        connection.hincrby(key, "gold", 1)
        try:
            done = guildhall(pipeline, "verify", "--realm", str(REALM))
        finally:
            connection.hincrby(key, "gold", -1)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"player:{player.name}:gold" in done.stdout
    assert "101" in done.stdout
    assert "DIFFERENT" in done.stdout
    assert guildhall(pipeline, "verify", "--realm", str(REALM)).returncode == 0


@pytest.mark.stack
def test_a_rejection_without_a_reason_is_found(pipeline: Instance) -> None:
    good = write(pipeline, REALM, [encode(event(at=generation(pipeline, REALM)))])[0]
    wait_until_caught_up(pipeline)
    with admin(pipeline) as connection:
        connection.rpush(f"realm:{{{REALM}}}:rejected", good)
        try:
            done = guildhall(pipeline, "verify", "--realm", str(REALM))
        finally:
            connection.lrem(f"realm:{{{REALM}}}:rejected", 1, str(good))
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"the event at offset {good} was rejected, but the log shows no reason" in done.stdout
    assert "player:eve:gold" in done.stdout


@pytest.mark.stack
def test_a_lost_generation_is_found(pipeline: Instance) -> None:
    key = f"realm:{{{REALM}}}:generation"
    with admin(pipeline) as connection:
        known = str(connection.get(key))
        connection.set(key, 0)
        try:
            done = guildhall(pipeline, "verify", "--realm", str(REALM))
        finally:
            connection.set(key, known)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"the generation is 0 in Redis and {known} in the log" in done.stdout


def random_log(seed: int, first: int) -> list[Event]:
    """Records that contradict each other: few ids and few accounts, fences, voids, wrong generations, overdrafts.
    ``first`` is the offset that the first one will have."""
    randomly = random.Random(seed)
    ids = [str(uuid.UUID(int=randomly.getrandbits(128))) for _ in range(60)]
    accounts = ["player:ann:gold", "player:ann:vacancy", "player:bea:gold", "guild:gang:charter", "house:mint"]
    generations, events = [first - 1], []
    for offset in range(first, first + 200):
        event_type = randomly.choices(["gold_moved", VOID, FENCE], [90, 5, 5])[0]
        if event_type == FENCE:
            generations.append(offset)
        moved = [Transfer(*randomly.sample(accounts, 2), randomly.randint(1, 3)) for _ in range(randomly.randint(1, 3))]
        at = randomly.choice([generations[-1], generations[-1], randomly.choice(generations)])
        events.append(event(event_type, at=at, event_id=randomly.choice(ids), transfers=moved))
    return events


@pytest.mark.stack
def test_the_sql_agrees_with_the_fold_of_a_log_that_makes_no_sense(pipeline: Instance) -> None:
    wait_until_caught_up(pipeline)
    first = next(r.accepted for r in realm_progress(pipeline) if r.realm == REALM)
    opening = event(FENCE, at=-1)  # nothing of the random log may hang on what was before it
    write(pipeline, REALM, [encode(e) for e in (opening, *random_log(SEED, first + 1))])
    wait_until_caught_up(pipeline)
    settings, books, rejected = pipeline.settings(), ModelLedger(REALM), []
    for record in read_log(settings)[REALM]:
        known = {i for i, status in books.statuses.items() if status == "rejected"}
        books.apply(record)
        if any(status == "rejected" and i not in known for i, status in books.statuses.items()):
            rejected.append(record.offset)
        if record.offset > first and (record.offset - first) % 40 == 0:
            landed = archive.archive_balances(settings, REALM, record.offset, rejected)
            assert not differences(books.balances, landed), f"seed {SEED}, offset {record.offset}"
    assert STALE in books.statuses.values()
    assert guildhall(pipeline, "verify", "--realm", str(REALM)).returncode == 0
    rows = archive.landed_rows(settings, REALM, books.offset)
    assert rows == [(offset, e.id) for offset, e in books.events]


@pytest.mark.stack
def test_what_has_not_landed_cannot_be_verified(pipeline: Instance) -> None:
    settings = pipeline.settings()
    with pytest.raises(OperatorError, match=r"realm 1: .* records have not landed .*: landing is late"):
        run.wait_until_landed(settings, REALM, 10**6, time.monotonic())
    assert guildhall(pipeline, "verify", "--realm", "99").returncode == 2


def test_a_hole_in_the_archive_names_its_likely_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(land_types="sword_bought")
    monkeypatch.setattr(run, "POLL_SECONDS", 0)
    monkeypatch.setattr(run, "landed_up_to", lambda *_: archive.LandedRecords(7, 7, 9, 1, 12))
    monkeypatch.setattr(archive, "fetch", lambda *_: QueryResult([], [(4,)]))
    with pytest.raises(OperatorError, match=r"3 of 10 records .* \(the first is at offset 4\).*'sword_bought'"):
        run.wait_until_landed(settings, 0, 9, time.monotonic() + 60)


def test_accounts_that_are_left_out_are_at_their_opening_balance() -> None:
    redis_has = {"player:ann:gold": 5, "player:ann:vacancy": 0, "player:bob:gold": 1}
    presto_has = {"player:ann:gold": 5, "player:bob:gold": 2}
    assert differences(redis_has, presto_has) == [
        Difference("player:ann:vacancy", 0, 1),
        Difference("player:bob:gold", 1, 2),
    ]


def test_accounts_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    books = Snapshot(0, -1, {}, {}, frozenset(), ())
    found = RealmComparison(0, books, {}, [Difference("player:fire:gold", 1, 2)], 0, ["player:fire:gold is -1"])
    print_findings(found, Console())
    assert capsys.readouterr().out.count("player:fire:gold") == 2
