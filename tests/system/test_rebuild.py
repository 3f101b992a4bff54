"""Test rebuilding the state. These tests run after all others, because they delete the log."""

import pytest
from kafka import KafkaAdminClient, TopicPartition

from stack.instance import Instance
from state.connection import connect, hash_tag
from state.digest import digest
from state.ledger import Ledger
from tests.support.command_line import guildhall
from tests.support.pipeline import Player, wait_until_caught_up
from tests.support.waiting import eventually

PATIENCE_SECONDS = 120


def state(instance: Instance) -> tuple[str, dict[str, int]]:
    settled = Ledger(connect(instance.settings())).snapshot(0)
    return digest(connect(instance.settings("settler")), 0), dict(settled.balances)


@pytest.fixture(scope="module")
def ada(pipeline: Instance) -> Player:
    ada = Player(pipeline, 0, "rita")
    ada.wait_until_settled(ada.buy_sword("iron_sword")["id"])
    ada.wait_until_settled(ada.join_guild("knights")["id"])
    return ada


@pytest.mark.parametrize("source", ["kafka", "archive"])
def test_rebuild_gives_the_same_state(pipeline: Instance, ada: Player, source: str) -> None:
    wait_until_caught_up(pipeline)
    balances = state(pipeline)[1]
    done = guildhall(pipeline, "rebuild", "--realm", "0", "--from", source)
    assert done.returncode == 0, done.stderr
    assert "the same" in done.stdout
    assert state(pipeline)[1] == balances
    ada.wait_until_settled(ada.buy_sword("wooden_sword")["id"], PATIENCE_SECONDS)


def test_realm_under_rebuild_is_503_until_rebuilt(pipeline: Instance, ada: Player) -> None:
    ledger = Ledger(connect(pipeline.settings("settler")))
    ledger.begin_rebuild(0, "a-rebuild-that-was-interrupted")
    answer = ada.post("/claim_gold")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/recovering")
    assert "Retry-After" in answer.headers
    # The realm's fence is in the log, but the stream must not settle the realm until it is rebuilt.
    eventually(lambda: "rebuilt" in ledger.halted(0), PATIENCE_SECONDS)
    assert "./guildhall rebuild --realm 0" in guildhall(pipeline, "status").stdout.replace("\n", "")
    assert guildhall(pipeline, "rebuild", "--realm", "0").returncode == 0
    eventually(lambda: ledger.halted(0) == "", PATIENCE_SECONDS)
    ada.wait_until_settled(ada.claim_gold()["id"], PATIENCE_SECONDS)


def test_wiped_redis_is_repaired_automatically(pipeline: Instance, ada: Player) -> None:
    wait_until_caught_up(pipeline)
    balances = state(pipeline)[1]
    connect(pipeline.settings("admin")).flushall()
    eventually(lambda: ada.request("GET", "/inventory").status_code == 200, PATIENCE_SECONDS)
    ledger = Ledger(connect(pipeline.settings()))
    eventually(lambda: not ledger.is_recovering(0), PATIENCE_SECONDS)
    assert state(pipeline)[1] == balances


def test_archive_rebuilds_a_log_lost_in_kafka(pipeline: Instance, ada: Player) -> None:
    wait_until_caught_up(pipeline)
    balances = state(pipeline)[1]
    settings = pipeline.settings()
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka)
    admin.delete_records({TopicPartition(settings.topic, 0): 3})
    admin.close()
    connect(pipeline.settings("admin")).flushall()
    ledger = Ledger(connect(settings))
    reason = eventually(lambda: ledger.halted(0), PATIENCE_SECONDS)
    assert reason.endswith("./guildhall rebuild --realm 0 --from archive")
    refused = guildhall(pipeline, "rebuild", "--realm", "0", "--from", "kafka")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "--from archive" in refused.stderr
    done = guildhall(pipeline, "rebuild", "--realm", "0", "--from", "archive")
    assert done.returncode == 0, done.stderr
    assert "further" in done.stdout
    eventually(lambda: ledger.halted(0) == "", PATIENCE_SECONDS)
    assert state(pipeline)[1] == balances
    ada.wait_until_settled(ada.buy_sword("wooden_sword")["id"], PATIENCE_SECONDS)


def test_wipe_deletes_every_key_of_a_realm(pipeline: Instance, ada: Player) -> None:
    wait_until_caught_up(pipeline)
    ledger = Ledger(connect(pipeline.settings("settler")))
    ledger.begin_rebuild(0, "wipe")
    while ledger.wipe(0, "wipe", 200):
        pass
    left = {key.removeprefix(f"{hash_tag(0)}:") for key in connect(pipeline.settings("admin")).keys(f"{hash_tag(0)}:*")}
    assert left - {"halted"} == {"run", "recovering", "rebuilding"}
