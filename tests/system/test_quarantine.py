"""What is no event: on the real servers, and the judgement alone."""

import uuid
from collections.abc import Sequence

import pytest

from game.accounts import Transfer
from game.events import FENCE, encode, new_event
from stack.instance import Instance
from stack.operations.pipeline_status import realm_progress
from stack.operations.quarantine.records import QuarantinedRecord, current_verdict, redecode
from stack.operations.quarantine.render import hexdump, printable
from state.connection import connect
from state.ledger import Ledger, TooManyMalformed
from streaming.queries.land import ConsecutiveMalformedLimit
from tests.conftest import CATCH_UP_SECONDS, Player, eventually, guildhall, wait_until_caught_up
from tests.integration.redis.test_ledger import NOW
from tests.system.test_verify import generation, write

WRONG, REALM = 1, 2  # an event of REALM, written to the partition of WRONG

GOLD = [Transfer("house:mint", "player:walter:gold", 5)]


def misplaced(at: int, transfers: Sequence[Transfer] = GOLD, event_type: str = "gold_found") -> tuple[str, bytes]:
    """The id and the bytes of an event of REALM and of its generation ``at``."""
    event_id = str(uuid.uuid4())
    event = new_event(
        event_id=event_id,
        event_type=event_type,
        realm=REALM,
        player="" if event_type == FENCE else "walter",
        at=NOW,
        generation=at,
        transfers=() if event_type == FENCE else transfers,
    )
    return event_id, encode(event)


@pytest.mark.stack
def test_an_event_in_the_wrong_partition_is_shown_and_replayed_once(pipeline: Instance) -> None:
    event_id, value = misplaced(generation(pipeline, REALM))
    (offset,) = write(pipeline, WRONG, [value])
    wait_until_caught_up(pipeline)

    listed = guildhall(pipeline, "quarantine", "list", "--realm", str(WRONG), "--limit", "1").stdout
    assert f"event of realm {REALM}" in " ".join(listed.split())
    shown = guildhall(pipeline, "quarantine", "show", str(WRONG), str(offset)).stdout
    assert f"reason: realm {REALM} in partition {WRONG}" in shown
    assert value.decode() in shown
    assert "00000000  7b 22 69 64" in shown

    ledger = Ledger(connect(pipeline.settings()))
    before = ledger.holdings(REALM, "player:walter").settled.get("gold", 0)
    replayed = guildhall(pipeline, "quarantine", "replay", str(WRONG), str(offset))
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    status = eventually(lambda: (s := ledger.event(REALM, event_id)) and s.status == "settled" and s, CATCH_UP_SECONDS)
    assert f"in the log of realm {REALM} at offset {status.offset}" in replayed.stdout
    again = guildhall(pipeline, "quarantine", "replay", str(WRONG), str(offset))
    assert (again.returncode, "already" in again.stdout) == (1, True), again.stdout + again.stderr
    wait_until_caught_up(pipeline)
    again = guildhall(pipeline, "quarantine", "replay", "--all")
    assert again.returncode == 1
    assert f"already in the log of realm {REALM}, at offset {status.offset}" in again.stdout
    assert ledger.holdings(REALM, "player:walter").settled["gold"] == before + 5
    assert not ledger.snapshot(REALM).held


@pytest.mark.stack
def test_what_would_change_nothing_or_break_something_is_not_replayed(pipeline: Instance) -> None:
    now = generation(pipeline, REALM)
    too_much = [Transfer("player:nobody:gold", "player:walter:gold", 1)]
    records = {
        b"\xff\x00 garbage": "Invalid JSON",
        misplaced(now - 1)[1]: f"its generation is {now - 1}, and the realm's generation is {now}",
        misplaced(now, too_much)[1]: "player:nobody:gold has 0 available, but 1 is needed",
        misplaced(now, event_type=FENCE)[1]: "a fence is valid only at its own place in the log",
    }
    offsets = write(pipeline, WRONG, list(records))
    wait_until_caught_up(pipeline)
    end = {r.realm: r.accepted for r in realm_progress(pipeline)}
    for offset, reason in zip(offsets, records.values(), strict=True):
        done = guildhall(pipeline, "quarantine", "replay", str(WRONG), str(offset))
        assert (done.returncode, done.stdout.count("\n")) == (1, 1), done.stdout + done.stderr
        assert reason in done.stdout
    assert {r.realm: r.accepted for r in realm_progress(pipeline)} == end
    assert not Ledger(connect(pipeline.settings())).snapshot(REALM).held
    missing = guildhall(pipeline, "quarantine", "replay", str(WRONG), "999999")
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)


@pytest.mark.stack
def test_too_much_garbage_halts_its_realm_until_it_is_accepted(pipeline: Instance) -> None:
    bad, limit = 0, pipeline.settings().malformed_limit

    def refusals() -> int:
        said = '"stage": "land", "reason": "state.ledger.TooManyMalformed'
        return (pipeline.home / "logs" / "streaming.log").read_text().count(said)

    # Twice, one soon after the other: what landed in between must not land again when landing starts again.
    for _ in range(2):
        wait_until_caught_up(pipeline)
        before, refused = realm_progress(pipeline)[bad], refusals()
        write(pipeline, bad, [b"garbage %d" % n for n in range(limit + 50)])
        eventually(lambda: realm_progress(pipeline)[bad].halted)
        status = " ".join(guildhall(pipeline, "status").stdout.split())
        assert f"malformed records in a row up to offset {before.accepted + limit}" in status
        assert f"./guildhall quarantine accept --realm {bad}" in status
        Player(pipeline, REALM)  # another realm goes on
        halted = realm_progress(pipeline)[bad]
        assert halted.settled <= before.settled + limit
        assert halted.malformed == before.malformed
        eventually(lambda: refusals() > refused)  # noqa: B023 - called at once

        accepted = guildhall(pipeline, "quarantine", "accept", "--realm", str(bad))
        assert accepted.returncode == 0, accepted.stdout + accepted.stderr
        wait_until_caught_up(pipeline)
        after = realm_progress(pipeline)[bad]
        assert (after.halted, after.malformed) == ("", before.malformed + limit + 50)
        Player(pipeline, bad)
    verified = guildhall(pipeline, "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    # A Redis that was wiped does not know what was accepted; the quarantine does.
    connect(pipeline.settings("admin")).flushall()
    eventually(lambda: not Ledger(connect(pipeline.settings())).is_recovering(bad))
    wait_until_caught_up(pipeline)
    assert realm_progress(pipeline)[bad].halted == ""


def record(value: bytes | None, realm: int = WRONG) -> QuarantinedRecord:
    return QuarantinedRecord(realm, 7, "2026-01-31 23:59:59.000", len(value or b""), value, "why")


def test_a_record_is_judged_in_the_realm_that_it_names() -> None:
    _, value = misplaced(3)
    assert redecode(record(value), realms=4).realm == REALM
    assert current_verdict(record(value), realms=4) == f"event of realm {REALM}"
    assert current_verdict(record(value), realms=REALM) == "not an event"  # the realm does not exist
    for other in (None, b"", b"[]", b'{"realm": true}', b'{"realm": {}}', b"\xff", b"[" * 60_000, b"9" * 60_000):
        assert current_verdict(record(other), realms=4) == "not an event"


def test_runs_of_malformed_records() -> None:
    allowed = {0: -1, 1: -1}
    runs = ConsecutiveMalformedLimit(3, allowed.__getitem__)
    runs.check([(0, 5), (0, 6), (0, 7), (0, 9), (1, 8)], {})
    runs.check([(0, 10), (0, 11)], {})
    with pytest.raises(TooManyMalformed, match="realm 0: 4 malformed records in a row up to offset 12"):
        runs.check([(0, 12)], {})
    runs.check([(0, 12)], {0: 12})  # it is in quarantine already
    with pytest.raises(TooManyMalformed, match="realm 0: 5 malformed"):
        runs.check([(0, 13)], {0: 12})
    allowed[0] = 13
    runs.check([(0, 13)], {0: 12})
    runs.check([(0, 20), (0, 21), (0, 22)], {})
    ConsecutiveMalformedLimit(0, allowed.__getitem__).check([(0, n) for n in range(99)], {})


def test_nothing_reaches_the_terminal_that_it_would_obey() -> None:
    assert printable("a\x1b[31m\n") == "a\\x1b[31m\\n"
    assert list(hexdump(b"\x1bA" + b"z" * 15)) == [
        "00000000  1b 41 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a  |.Azzzzzzzzzzzzzz|",
        f"00000010  {'7a':47}  |z|",
    ]
