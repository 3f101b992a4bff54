"""Inject faults into the real servers while players play, and expect that the checker finds nothing wrong.

Every session runs two of the faults on its pipeline: Redis restored from an older copy, and a killed API.
``./guildhall test --faults`` also injects each fault into an instance that is reserved for faults. These tests leave
duplicates, forged events and stale events in the log, so they run after all other tests.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest
import requests
from rich.console import Console

from game.events import Event, event_id_of
from infra.paths import ROOT
from infra.settings import Settings
from load.checker.archive import archive
from load.checker.collect import collect, read_log
from load.checker.model import fold
from load.faults import campaign, processes
from load.faults.campaign import Load, inject_step, is_quiet
from load.faults.environment import fault_instance
from load.faults.injectors import Fault, catalogue
from load.faults.report import print_campaign
from load.guildhall_client import OutcomeUnknown, RequestRejected
from load.progress import wait_for
from load.workload.history import Operation
from load.workload.operations import ROUTES
from stack.instance import PORTS, Instance
from state.connection import connect
from state.ledger import Ledger
from tests.support.pipeline import Player
from tests.support.ports import free_block
from tests.support.waiting import eventually

PLAYERS, THREADS, SEED = 16, 6, 4

# Number of operations before the fault is injected. After that many, players are already buying, joining and leaving.
WARM = 100

QUIET_SECONDS = 240  # enough for restarts, expiring holds and landing, on a small and busy machine

ROUNDS = 3  # number of rounds in every session; with --faults, 20 more rounds run

KINDS = {event_type: kind for kind, route in ROUTES.items() for event_type in route.types}

FAULTS = {fault.name: fault for fault in catalogue(Settings(), random.Random(SEED))}

ALWAYS = "Redis restored from an older copy"  # runs in every session, because it tests most parts of the design


@pytest.fixture(scope="module")
def fault_server() -> Iterator[Instance]:
    """Run an instance with small disks and short deadlines, so that its faults do not disturb other tests."""
    with fault_instance(ROOT / ".guildhall-test-faults", free_block(len(PORTS)), 4, Console()) as instance:
        yield instance


def in_the_log(instance: Instance) -> list[Event]:
    """Return all events that are already in the log, because other tests have left them there."""
    return [event for realm, part in read_log(instance.settings()).items() for _, event in fold(realm, part).events]


def asked_before(events: Sequence[Event]) -> list[Operation]:
    """Return an operation for each event that other tests requested, as if its response had been lost."""
    return [
        Operation(
            -1,
            event.realm,
            event.player,
            KINDS[event.type],
            None,
            request_of(event),
            0.0,
            0.0,
            "unknown",
            event.id,
            None,
        )
        for event in events
        if event.type in KINDS
    ]


def request_of(event: Event) -> dict[str, Any]:
    """Return the part of the request that the checker needs but that the event does not contain.

    Only events of batches lack such a part.
    """
    if KINDS[event.type] != "batch":
        return {}
    counts = {name: int(n) for name, n in event.details.items() if name in KINDS}
    return {"actions": [{"action": KINDS[name]} for name, n in counts.items() for _ in range(n)]}


def nothing_is_wrong_after(instance: Instance, fault: Fault) -> None:
    """Inject the fault while players play, wait until everything is healthy, and expect no findings."""
    settings, before = instance.settings(), in_the_log(instance)
    with Load(instance, PLAYERS, 0, SEED, THREADS) as load:
        eventually(lambda: load.count >= WARM)
        (outcome,) = inject_step(instance, [fault])
        count = load.count
        eventually(lambda: load.count >= count + WARM)
    assert not outcome.skipped
    assert outcome.settled
    assert wait_for(lambda: is_quiet(instance), QUIET_SECONDS)
    history = [*asked_before(before), *load.operations]
    findings = collect(settings, Ledger(connect(settings)), history, lambda realm, at: archive(settings, realm, at))
    # Ignore findings about foreign events. Some tests have written events whose types belong to no request. Other tests
    # have written simulated events, which have past days and a sale and therefore break the rules of today's game.
    foreign = {event.id for event in before if event.type not in KINDS or "generated" in event.details}
    assert [f for f in findings if not any(event_id in f.detail for event_id in foreign)] == []
    assert any(o.outcome == "success" and o.event_id and o.begun > outcome.done for o in load.operations)


def test_nothing_is_lost_when_redis_is_restored(pipeline: Instance) -> None:
    nothing_is_wrong_after(pipeline, FAULTS[ALWAYS])


@pytest.mark.faults
@pytest.mark.parametrize("name", [name for name in FAULTS if name != ALWAYS])
def test_nothing_is_lost_or_doubled_by_a_fault(fault_server: Instance, name: str) -> None:
    fault = next(f for f in catalogue(fault_server.settings(), random.Random(SEED)) if f.name == name)
    if name.startswith("full disk") and os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    nothing_is_wrong_after(fault_server, fault)


@pytest.mark.faults
def test_campaign_of_random_faults_has_no_findings(fault_server: Instance) -> None:
    seed = random.SystemRandom().randrange(10**6)
    done = campaign.run_campaign(
        fault_server,
        campaign.CampaignConfig(32, 2000, 8, seed, THREADS),
        lambda *_: None,
        asked_before(in_the_log(fault_server)),
    )
    print_campaign(done, Console())
    assert done.findings == []


@pytest.mark.parametrize(
    "rounds", [ROUNDS, pytest.param(20, marks=pytest.mark.faults)], ids=["a few rounds", "20 rounds"]
)
def test_killed_api_sells_three_swords_for_their_gold(pipeline: Instance, rounds: int) -> None:
    rng = random.Random(SEED)
    for round_ in range(rounds):
        buys_three_swords(pipeline, round_ % pipeline.realms, rng.randrange(150))


def buys_three_swords(instance: Instance, realm: int, answers_before_the_kill: int) -> None:
    """Send 200 concurrent purchases by a player who can pay for three, and kill the API meanwhile."""
    player = eventually(lambda: registered(instance, realm))
    answered = threading.Semaphore(0)
    with ThreadPoolExecutor(200) as pool:
        futures = [pool.submit(buy_insisting, player, answered) for _ in range(200)]
        for _ in range(answers_before_the_kill):
            answered.acquire()
        for process in processes.whole_api(instance):
            process.kill()
        accepted = [future.result() for future in futures]
    assert sum(accepted) == 3
    eventually(lambda: answers(instance.port("api")))
    eventually(lambda: player.gold() == {"settled": 10, "held": 0, "available": 10})
    assert player.inventory()["accounts"]["item:iron_sword"]["settled"] == 3


def registered(instance: Instance, realm: int) -> Player | None:
    """Return a new player, or None while the API restarts."""
    try:
        return Player(instance, realm)
    except (OutcomeUnknown, RequestRejected, requests.ConnectionError):
        return None


def buy_insisting(player: Player, answered: threading.Semaphore) -> bool:
    """Buy a sword as a well-behaved client does. Returns whether the purchase was accepted.

    The client retries with the same key until it gets a response. If the purchase was voided, the client retries with a
    new key.
    """
    key, give_up = str(uuid.uuid4()), time.monotonic() + QUIET_SECONDS
    while time.monotonic() < give_up:
        try:
            headers = {**player.headers, "Idempotency-Key": key}
            answer = requests.post(
                f"{player.base_url}/buy_sword", json={"sword": "iron_sword"}, headers=headers, timeout=30
            )
        except requests.RequestException:
            time.sleep(0.2)
            continue
        problem = answer.json().get("type", "")
        if answer.status_code == 202 or problem == "/problems/not_enough_gold":
            answered.release()
            return answer.status_code == 202
        if problem == "/problems/voided":
            key = str(uuid.uuid4())
        time.sleep(0.2)
    raise AssertionError("no answer")


@pytest.mark.faults
def test_paused_process_does_not_accept_a_voided_event(pipeline: Instance) -> None:
    ada, key = Player(pipeline, 1), str(uuid.uuid4())
    port, event_id = free_block(1), event_id_of(1, ada.name, key)
    deadlines = {"DELIVERY": "5", "HOLD": "9", "MARGIN": "3"}
    environment = os.environ | pipeline.environment("api") | {"GUILDHALL_API_PORT": str(port)}
    environment |= {f"GUILDHALL_{name}_SECONDS": seconds for name, seconds in deadlines.items()}
    with subprocess.Popen([sys.executable, "-m", "tests.support.suspending_api"], cwd=ROOT, env=environment) as process:
        try:
            eventually(lambda: answers(port))
            headers = {**ada.headers, "Idempotency-Key": key}
            with ThreadPoolExecutor(1) as pool:
                answer = pool.submit(
                    requests.post,
                    f"http://127.0.0.1:{port}/buy_sword",
                    json={"sword": "iron_sword"},
                    headers=headers,
                    timeout=60,
                )
                eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
                assert ada.gold()["held"] == 30
                eventually(lambda: ada.status_of(event_id) == "voided")
                process.send_signal(signal.SIGCONT)
                assert answer.result().status_code == 503
            # The resumed process appended the event nevertheless, but the void was already in the log.
            eventually(lambda: types_of(pipeline, 1, event_id) == ["void", "sword_bought"])
            assert wait_for(lambda: is_quiet(pipeline), QUIET_SECONDS)
            assert ada.status_of(event_id) == "voided"
            assert ada.gold() == {"settled": 100, "held": 0, "available": 100}
        finally:
            process.kill()


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def types_of(instance: Instance, realm: int, event_id: str) -> list[str]:
    """Return the types of the records with this id, in log order."""
    events = fold(realm, read_log(instance.settings())[realm]).events
    return [event.type for _, event in events if event.id == event_id]
