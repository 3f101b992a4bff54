"""Test the metrics of the running pipeline."""

import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from infra.metrics import Server
from stack.instance import Instance
from stack.servers import supervisor
from tests.support.metrics import Scrape, declared, parse, types
from tests.support.pipeline import Player, wait_until_caught_up
from tests.support.waiting import eventually


class Served:
    """The metrics that both processes in a running instance serve."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance

    def text(self, server: Server) -> str:
        port = {Server.API: "api", Server.STREAMING: "streaming_metrics"}[server]
        answer = requests.get(f"http://127.0.0.1:{self.instance.port(port)}/metrics", timeout=30)
        answer.raise_for_status()
        return answer.text

    def all(self) -> Scrape:
        return parse(self.text(Server.API)) | parse(self.text(Server.STREAMING))


@pytest.fixture
def served(pipeline: Instance) -> Iterator[Served]:
    return Served(pipeline)


def total(found: Scrape, pattern: str) -> float:
    return sum(value for name, value in found.items() if re.fullmatch(pattern, name))


def test_streams_serve_the_declared_metrics(served: Served) -> None:
    assert types(served.text(Server.STREAMING)) == declared(Server.STREAMING)


def test_metrics_count_what_happened(pipeline: Instance, served: Served) -> None:
    wait_until_caught_up(pipeline)
    before = served.all()
    fay = Player(pipeline, 1)
    bought = [fay.post("/buy_sword", sword="iron_sword") for _ in range(5)]
    assert [answer.status_code for answer in bought] == [202, 202, 202, 409, 409]
    wait_until_caught_up(pipeline)
    lags = r"guildhall_lag_events,.*"
    eventually(lambda: total(served.all(), lags) == 0)
    after = served.all()

    def new(pattern: str) -> float:
        return total(after, pattern) - total(before, pattern)

    assert new("guildhall_requests_total,method=POST,route=/buy_sword,status=202") == 3
    assert new("guildhall_requests_total,method=POST,route=/buy_sword,status=409") == 2
    assert new("guildhall_refusals_total,reason=not_enough_gold") == 2
    accepted = new("guildhall_commits_total,outcome=accepted")
    assert accepted == 4  # three purchases and the registration
    assert new("guildhall_holds_taken_total") == accepted
    assert new("guildhall_append_seconds_count") == accepted
    assert new("guildhall_records_total,outcome=settled,realm=1") == accepted
    assert new("guildhall_records_total,outcome=(voided|rejected|malformed),.*") == 0
    records = new("guildhall_records_total,.*")  # includes telemetry, which takes no hold
    assert new("guildhall_ack_to_settled_seconds_count") == records
    assert new("guildhall_batch_records_sum,stage=settle") == new("guildhall_batch_records_sum,stage=land") == records
    assert new("guildhall_ack_to_settled_seconds_bucket,le=300.0") == records
    assert total(after, "guildhall_holds_open,.*") == 0
    assert total(after, "guildhall_lag_seconds,.*") == 0
    assert total(after, "guildhall_realm_halted,.*") == 0
    for realm in range(pipeline.realms):
        offset = after[f"guildhall_log_end_offset,realm={realm}"] - 1
        assert after[f"guildhall_settled_offset,realm={realm}"] == offset
        assert after[f"guildhall_landed_offset,realm={realm}"] == offset


def test_api_counters_survive_the_death_of_a_worker(pipeline: Instance, served: Served) -> None:
    counter = r"guildhall_commits_total,.*"
    Player(pipeline, 2)
    before = total(served.all(), counter)
    assert before > 0
    parent = psutil.Process(supervisor.processes(pipeline)["api"]["pid"])
    workers = parent.children()
    workers[0].kill()

    def two_again() -> bool:
        return sum(child.status() != psutil.STATUS_ZOMBIE for child in parent.children()) == len(workers)

    eventually(two_again)
    Player(pipeline, 2)
    assert total(served.all(), counter) == before + 1


def test_files_of_counters_are_preallocated(pipeline: Instance) -> None:
    """If a counter file had a hole, a write into the hole would kill the process when the disk is full."""
    files = list(Path(pipeline.home, "run", "api-metrics").glob("*.db"))
    assert len(files) >= 4
    assert all(file.stat().st_blocks * 512 >= file.stat().st_size for file in files)
