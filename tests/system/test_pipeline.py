"""Test the whole pipeline on real servers, through the interfaces for players, operators and analysts."""

import signal
from concurrent.futures import ThreadPoolExecutor

import psutil
from kafka import KafkaProducer

from cli.demo import _play
from game.accounts import Transfer
from game.events import encode, new_event
from infra.presto import IS_TELEMETRY, fetch
from stack.instance import Instance
from stack.operations.pipeline_status import realm_progress
from stack.servers import supervisor
from state.connection import connect
from state.ledger import Ledger
from tests.support.clock import NOW
from tests.support.command_line import guildhall, guildhall_process
from tests.support.pipeline import Player, wait_until_caught_up
from tests.support.waiting import CATCH_UP_SECONDS

REQUESTS = 300  # number of requests that the load script sends


def test_player_registers_buys_claims_joins_and_leaves(pipeline: Instance) -> None:
    ada = Player(pipeline, 1, "ada")
    bought = ada.post("/buy_sword", sword="iron_sword")
    assert bought.status_code == 202
    ada.wait_until_settled(bought.json()["id"])
    ada.wait_until_settled(ada.claim_gold()["id"])
    assert ada.gold()["settled"] == 100 - 30 + 25
    ada.wait_until_settled(ada.join_guild("knights")["id"])
    assert ada.inventory()["guild"] == "knights"
    ada.wait_until_settled(ada.leave_guild()["id"])
    assert ada.inventory()["guild"] is None


def test_purchase_beyond_the_gold_is_refused_while_pending(pipeline: Instance) -> None:
    bob = Player(pipeline, 2)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: bob.post("/buy_sword", sword="iron_sword"), range(20)))
    accepted = [answer for answer in answers if answer.status_code == 202]
    assert len(accepted) == 3
    assert all(answer.status_code == 409 for answer in answers if answer not in accepted)
    for answer in accepted:
        bob.wait_until_settled(answer.json()["id"])
    assert bob.gold() == {"settled": 10, "held": 0, "available": 10}


def test_name_exists_once_in_each_realm(pipeline: Instance) -> None:
    first = Player(pipeline, 0, "eve")
    assert Player(pipeline, 3, "eve").realm != first.realm
    again = first.post("/players", realm=0, name="eve")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/name_taken")


def test_action_of_a_player_is_in_presto_once(pipeline: Instance) -> None:
    cat = Player(pipeline, 0)
    event = cat.buy_sword("wooden_sword")["id"]
    cat.wait_until_settled(event)
    wait_until_caught_up(pipeline)
    columns = "event_type, player, realm, details['sword'], transfers[1].debit, transfers[1].amount"
    rows = fetch(pipeline.settings(), f"select {columns} from events where event_id = '{event}'").rows  # noqa: S608
    assert rows == [("sword_bought", cat.name, 0, "wooden_sword", f"player:{cat.name}:gold", 10)]
    total = fetch(pipeline.settings(), "select count(*), count(distinct event_id) from events").rows[0]
    assert total[0] == total[1] == sum(r.events for r in realm_progress(pipeline))


def test_malformed_records_go_to_quarantine(pipeline: Instance) -> None:
    settings = pipeline.settings()
    before = sum(r.malformed for r in realm_progress(pipeline))
    ledger = Ledger(connect(settings))
    foreign = new_event(
        event_id="0bad-0bad",
        event_type="gold_stolen",
        realm=2,
        player="mallory",
        at=NOW,
        generation=ledger.snapshot(2).generation,
        transfers=[Transfer("player:nobody:gold", "player:mallory:gold", 1000)],
    )
    producer = KafkaProducer(bootstrap_servers=settings.kafka, acks="all")
    # Partition 1 gets an event that belongs to another realm, and garbage. Partition 2 gets an event whose debits are
    # not covered. The ledger rejects that event, but the event is not malformed.
    for partition, value in ((1, encode(foreign)), (1, b"\xff\x00 garbage"), (1, None), (2, encode(foreign))):
        producer.send(settings.topic, key=b"test", value=value, partition=partition).get(timeout=30)
    producer.close()
    wait_until_caught_up(pipeline)
    assert sum(r.malformed for r in realm_progress(pipeline)) == before + 3
    rows = fetch(
        pipeline.settings(), 'select to_hex(value), reason from quarantine where realm = 1 order by "offset"'
    ).rows[-3:]
    assert [reason for _, reason in rows][0::2] == ["realm 2 in partition 1", "the record has no value"]
    assert rows[1][0] == b"\xff\x00 garbage".hex().upper()
    assert ledger.totals(2)["rejected"] == 1
    assert ledger.holdings(2, "player:mallory").settled == {}
    Player(pipeline, 1)  # registers successfully, because the realm continues


def settled_actions(pipeline: Instance) -> int:
    """Return the number of settled actions.

    Telemetry does not count, because reading an inventory adds telemetry to the log.
    """
    return sum(realm.settled - realm.totals.get("telemetry", 0) for realm in realm_progress(pipeline))


def test_streams_resume_after_kill_9(pipeline: Instance) -> None:
    dan = Player(pipeline, 3)
    driver = supervisor.processes(pipeline)["streaming"]["pid"]
    before = settled_actions(pipeline)
    psutil.Process(driver).send_signal(signal.SIGKILL)
    answers = [dan.post("/buy_sword", sword="wooden_sword") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202] * 4
    dan.wait_until_settled(answers[-1].json()["id"], CATCH_UP_SECONDS)
    assert {dan.status_of(answer.json()["id"]) for answer in answers} == {"settled"}
    wait_until_caught_up(pipeline)
    assert dan.gold() == {"settled": 60, "held": 0, "available": 60}
    assert settled_actions(pipeline) == before + 4
    actions = f"player = '{dan.name}' and not ({IS_TELEMETRY})"
    counts = f"select count(*), count(distinct event_id) from events where {actions}"  # noqa: S608 - our own text
    assert fetch(pipeline.settings(), counts).rows == [(5, 5)]


def test_spent_gold_is_the_same_in_redis_and_presto(pipeline: Instance) -> None:
    wait_until_caught_up(pipeline)
    text = "select coalesce(sum(t.amount), 0) from events cross join unnest(transfers) as t (debit, credit, amount)"
    spent = fetch(pipeline.settings(), f"{text} where t.credit = 'house:shop'").rows[0][0]
    ledger = Ledger(connect(pipeline.settings()))
    assert spent > 0
    assert spent == sum(ledger.holdings(n, "house").settled.get("shop", 0) for n in range(pipeline.realms))


def test_load_script_plays_and_keeps_its_results(pipeline: Instance, tmp_path) -> None:
    before = sum(r.accepted for r in realm_progress(pipeline))
    figures = _play(pipeline, REQUESTS, 8)
    assert figures.rows["register"].complete == REQUESTS // 2 // pipeline.realms * pipeline.realms
    assert all(row.failed == 0 for row in figures.rows.values())
    assert sum(r.accepted for r in realm_progress(pipeline)) == before + figures.accepted


def test_command_line_runs_as_a_program(pipeline: Instance) -> None:
    counts = guildhall_process(pipeline, "sql", "select event_type, count(*) from events group by 1")
    assert counts.returncode == 0
    assert "player_registered" in counts.stdout
    wrong = guildhall_process(pipeline, "sql", "select nope from events")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "nope" in wrong.stderr
    status = guildhall(pipeline, "status").stdout
    assert status.count("running") == 7
    assert "quarantined" in status
    assert guildhall_process(pipeline, "redis", "GET", "realm:{0}:offset").stdout.strip().isdigit()
    assert "all servers are already up" in guildhall(pipeline, "up").stdout.lower()


def test_servers_are_found_without_their_supervisor(pipeline: Instance) -> None:
    supervised = {process["pid"] for process in supervisor.processes(pipeline).values()}
    assert supervised <= {process.pid for process in supervisor.marked_processes(pipeline)}
