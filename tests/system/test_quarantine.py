"""Test malformed records on the real servers."""

from game.accounts import Transfer
from game.events import FENCE
from stack.instance import Instance
from stack.operations.pipeline_status import realm_progress
from state.connection import connect
from state.ledger import Ledger
from tests.support.command_line import guildhall
from tests.support.log_writer import generation, write
from tests.support.misplaced import REALM, WRONG, misplaced
from tests.support.pipeline import Player, wait_until_caught_up
from tests.support.waiting import CATCH_UP_SECONDS, eventually


def test_misplaced_event_is_shown_and_replayed_once(pipeline: Instance) -> None:
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


def test_useless_or_harmful_record_is_not_replayed(pipeline: Instance) -> None:
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


def test_garbage_halts_its_realm_until_accepted(pipeline: Instance) -> None:
    bad, limit = 0, pipeline.settings().malformed_limit

    def refusals() -> int:
        said = '"stage": "land", "reason": "state.ledger.TooManyMalformed'
        return (pipeline.home / "logs" / "streaming.log").read_text().count(said)

    # Halt the realm twice in succession. The records that have landed between the two halts must not land again when
    # landing restarts.
    for _ in range(2):
        wait_until_caught_up(pipeline)
        before, refused = realm_progress(pipeline)[bad], refusals()
        write(pipeline, bad, [b"garbage %d" % n for n in range(limit + 50)])
        eventually(lambda: realm_progress(pipeline)[bad].halted)
        status = " ".join(guildhall(pipeline, "status").stdout.split())
        assert f"malformed records in a row up to offset {before.accepted + limit}" in status
        assert f"./guildhall quarantine accept --realm {bad}" in status
        Player(pipeline, REALM)  # registers successfully, because another realm continues
        halted = realm_progress(pipeline)[bad]
        assert halted.settled <= before.settled + limit
        assert halted.malformed == before.malformed
        eventually(lambda: refusals() > refused)  # noqa: B023 - the lambda is called at once

        accepted = guildhall(pipeline, "quarantine", "accept", "--realm", str(bad))
        assert accepted.returncode == 0, accepted.stdout + accepted.stderr
        wait_until_caught_up(pipeline)
        after = realm_progress(pipeline)[bad]
        assert (after.halted, after.malformed) == ("", before.malformed + limit + 50)
        Player(pipeline, bad)
    verified = guildhall(pipeline, "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    # A wiped Redis has forgotten which malformed records the operator has accepted. The realm continues nevertheless,
    # because these records are in the quarantine.
    connect(pipeline.settings("admin")).flushall()
    eventually(lambda: not Ledger(connect(pipeline.settings())).is_recovering(bad))
    wait_until_caught_up(pipeline)
    assert realm_progress(pipeline)[bad].halted == ""
