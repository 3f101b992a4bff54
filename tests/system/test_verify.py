"""Test verify on the real servers.

It must succeed after every kind of record, and it must find a difference of a single coin.
"""

import random
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import redis

from game.accounts import Transfer
from game.events import FENCE, VOID, Event, encode, new_event
from infra.errors import OperatorError
from infra.paths import ROOT
from load.checker.collect import read_log
from load.checker.model import STALE, ModelLedger
from stack.instance import Instance
from stack.operations.pipeline_status import realm_progress
from stack.operations.reconcile import archive, compare, run
from state.connection import connect
from state.ledger import Ledger
from tests.support.clock import NOW
from tests.support.command_line import command_of, guildhall
from tests.support.log_writer import generation, write
from tests.support.pipeline import Player, wait_until_caught_up

REALM = 1

SEED = 7


def event(event_type: str = "gold_found", *, at: int, event_id: str = "", transfers: Sequence[Transfer] = ()) -> Event:
    """Return an event in the generation ``at``. By default, the event gives eve a coin."""
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


def test_verify_holds_after_every_kind_of_record(pipeline: Instance) -> None:
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


def test_verify_holds_while_players_play(pipeline: Instance) -> None:
    process = subprocess.Popen(command_of(pipeline, "verify"), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    played = 0
    while process.poll() is None:
        Player(pipeline, played % pipeline.realms).post("/buy_sword", sword="wooden_sword")
        played += 1
    out, _ = process.communicate()
    assert process.returncode == 0, out
    assert played > 3


def test_verify_names_a_coin_too_many(pipeline: Instance) -> None:
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


def test_verify_finds_a_rejection_without_reason(pipeline: Instance) -> None:
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


def test_verify_finds_a_lost_generation(pipeline: Instance) -> None:
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
    """Return events that contradict each other, because they share a few ids and accounts.

    They include fences, voids, wrong generations and overdrafts. ``first`` is the offset of the first event.
    """
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


def test_sql_agrees_with_the_model_on_a_random_log(pipeline: Instance) -> None:
    wait_until_caught_up(pipeline)
    first = next(r.accepted for r in realm_progress(pipeline) if r.realm == REALM)
    # Begin with a fence, because the result must not depend on the records before the random log.
    opening = event(FENCE, at=-1)
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
            assert not compare.differences(books.balances, landed), f"seed {SEED}, offset {record.offset}"
    assert STALE in books.statuses.values()
    assert guildhall(pipeline, "verify", "--realm", str(REALM)).returncode == 0
    rows = archive.landed_rows(settings, REALM, books.offset)
    assert rows == [(offset, e.id) for offset, e in books.events]


def test_verify_waits_for_landing_and_gives_up(pipeline: Instance) -> None:
    settings = pipeline.settings()
    with pytest.raises(OperatorError, match=r"realm 1: .* records have not landed .*: landing is late"):
        run.wait_until_landed(settings, REALM, 10**6, time.monotonic())
