"""Metrics: the registry, what both processes serve, and that the numbers are those of what happened."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import psutil
import pytest
import redis
import requests
from kafka.errors import KafkaError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from api.backend.group_commit import Result, outcome_name
from api.backend.process_metrics import OUTCOMES
from infra import metrics
from infra.metrics import CounterMetric, HistogramMetric, Server
from infra.paths import ROOT
from stack.instance import Instance
from stack.servers import supervisor
from streaming.lag_metrics import LagCollector
from streaming.metrics import BatchHistogram, RealmGauge
from tests.conftest import Player, RedisServer, eventually, wait_until_caught_up
from tests.support.api_harness import Api

Scrape = dict[str, float]  # a sample as Prometheus writes it -> its value


def parse(text: str) -> Scrape:
    return {
        sample.name + "".join(f",{name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def types(text: str) -> dict[str, str]:
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def declared(server: Server) -> dict[str, str]:
    return {m.name: kind(m) for m in metrics.ALL if server in m.served_by}


def kind(metric: metrics.Metric) -> str:
    return type(metric).__name__.removesuffix("Metric").lower()


@pytest.mark.parametrize("metric", metrics.ALL, ids=lambda metric: metric.name)
def test_every_name_follows_the_conventions_of_prometheus(metric: metrics.Metric) -> None:
    assert re.fullmatch(r"guildhall(_[a-z]+)+", metric.name)
    assert metric.name.endswith("_total") == isinstance(metric, CounterMetric)
    assert metric.name.endswith("_seconds") == (metric.unit == "seconds")
    assert not re.search(r"_(bucket|sum|count|created|info)$", metric.name)
    assert metric.help[0].isupper()
    assert metric.help.endswith(".")
    assert all(re.fullmatch(r"[a-z]+", label) and label not in ("le", "job", "instance") for label in metric.labels)
    if isinstance(metric, HistogramMetric):
        assert list(metric.buckets) == sorted(set(metric.buckets))


def test_every_name_is_declared_once() -> None:
    assert len({m.name for m in metrics.ALL}) == len(metrics.ALL)


def test_the_document_is_the_registry() -> None:
    """Mend it with ``python -m infra.metrics``."""
    assert metrics.table() in (ROOT / "docs" / "reference" / "metrics.md").read_text()


def test_every_rule_in_the_document_names_a_metric() -> None:
    text = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    named = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"guildhall_[a-z_]+", text)}
    assert named <= {m.name for m in metrics.ALL}


def test_every_outcome_of_a_commit_is_counted_from_the_start() -> None:
    never = {"held", "resumed"}  # then the append follows
    assert {outcome_name(outcome.__name__) for outcome in get_args(Result)} - never == set(OUTCOMES)


def test_ages_are_counted_as_the_library_counts_them() -> None:
    times = [100_000, 700_000, 950_000, 999_500, 999_870, 999_980, 1_000_000]
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    ages, histogram = BatchHistogram(metrics.ACK_TO_SETTLED_SECONDS), metrics.ACK_TO_SETTLED_SECONDS.create(theirs)
    ours.register(ages)
    for now in (1000.0, 1000.3):
        ages.observe(times, now)
        for time in times:
            histogram.observe(now - time / 1000)
    counted, expected = parse(generate_latest(ours).decode()), parse(generate_latest(theirs).decode())
    assert counted == {name: pytest.approx(value) for name, value in expected.items()}


class Broken:
    """A ledger and a log that do not answer."""

    def overview(self, *_: object) -> Any:
        raise redis.ConnectionError

    def ends(self) -> Any:
        raise KafkaError


def test_a_server_that_does_not_answer_costs_its_figures_and_no_others() -> None:
    lag = LagCollector(Broken(), SimpleNamespace(realms=1), RealmGauge(metrics.LANDED_OFFSET))  # type: ignore[arg-type]
    lag._log = Broken()  # type: ignore[assignment]
    registry = CollectorRegistry()
    registry.register(lag)
    assert parse(generate_latest(registry).decode()) == {
        "guildhall_source_up,source=redis": 0,
        "guildhall_source_up,source=kafka": 0,
    }


def test_landed_offsets_can_be_asked_for_without_a_look_at_the_servers() -> None:
    registry, landed = CollectorRegistry(), RealmGauge(metrics.LANDED_OFFSET)
    lag = LagCollector(Broken(), SimpleNamespace(realms=1), landed)  # type: ignore[arg-type]
    registry.register(lag)
    registry.register(landed)
    landed.update({0: -1, 1: 7})
    lag.collect = None  # type: ignore[assignment, method-assign]
    found = generate_latest(registry.restricted_registry(["guildhall_landed_offset"])).decode()
    assert parse(found) == {"guildhall_landed_offset,realm=0": -1, "guildhall_landed_offset,realm=1": 7}


def scraped(api: Api) -> Scrape:
    return parse(api.client.get("/metrics").text)


def grown(before: Scrape, after: Scrape) -> Scrape:
    """What has grown, without the histograms."""
    found = {name: value - before.get(name, 0) for name, value in after.items()}
    return {name: n for name, n in found.items() if n and not re.search(r"_(bucket|sum)\b", name)}


@pytest.mark.redis
def test_the_api_serves_what_is_declared(api: Api) -> None:
    answer = api.client.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=")
    assert types(answer.text) == declared(Server.API)
    assert api.client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}).text.endswith(
        "# EOF\n"
    )


@pytest.mark.redis
def test_requests_are_counted_by_route_and_refusals_by_reason(api: Api) -> None:
    token = api.register()
    before = scraped(api)
    api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token)
    api.client.post("/buy_sword", json={"sword": "dragon_sword"}, headers=token)
    api.client.get("/events/3b241101-e2bb-4255-8caf-4136c566a962", headers=token)
    api.client.get("/no/such/route")
    api.client.open("/inventory", method="BREW")
    assert grown(before, scraped(api)) == {
        "guildhall_requests_total,method=POST,route=/buy_sword,status=202": 1,
        "guildhall_requests_total,method=POST,route=/buy_sword,status=409": 1,
        "guildhall_requests_total,method=GET,route=/events/<event_id>,status=404": 1,
        "guildhall_requests_total,method=GET,route=unmatched,status=404": 1,
        "guildhall_requests_total,method=other,route=unmatched,status=405": 1,
        "guildhall_requests_total,method=GET,route=/metrics,status=200": 1,
        "guildhall_request_seconds_count,method=POST,route=/buy_sword": 2,
        "guildhall_request_seconds_count,method=GET,route=/events/<event_id>": 1,
        "guildhall_request_seconds_count,method=GET,route=unmatched": 1,
        "guildhall_request_seconds_count,method=other,route=unmatched": 1,
        "guildhall_request_seconds_count,method=GET,route=/metrics": 1,
        "guildhall_refusals_total,reason=not_enough_gold": 1,
        "guildhall_refusals_total,reason=unknown_event": 1,
        "guildhall_refusals_total,reason=not_found": 1,
        "guildhall_refusals_total,reason=method_not_allowed": 1,
        "guildhall_commits_total,outcome=accepted": 1,
        "guildhall_commits_total,outcome=insufficient_balance": 1,
        "guildhall_holds_taken_total": 1,
        "guildhall_append_seconds_count": 1,
        "guildhall_commit_batch_requests_count,step=hold": 2,
        "guildhall_commit_batch_requests_count,step=confirm": 1,
    }


@pytest.mark.redis
def test_appends_without_an_acknowledgement_and_open_holds_are_counted(api: Api, empty_redis: RedisServer) -> None:
    token = api.register()
    before = scraped(api)
    for api.log.outcome in ("refuse", "unknown"):
        assert api.client.post("/buy_sword", json={"sword": "iron_sword"}, headers=token).status_code == 503
    found = grown(before, scraped(api))
    assert found["guildhall_appends_failed_total,outcome=refused"] == 1
    assert found["guildhall_appends_failed_total,outcome=unknown"] == 1
    assert found["guildhall_commits_total,outcome=not_accepted"] == 1
    assert found["guildhall_commits_total,outcome=unknown"] == 1
    assert found["guildhall_refusals_total,reason=unavailable"] == 1
    assert found["guildhall_refusals_total,reason=unknown_outcome"] == 1
    assert found["guildhall_holds_open,realm=0"] == 1
    # The next hold finds it overdue.
    (hold,) = empty_redis.connection("admin").hkeys("realm:{0}:holds")
    empty_redis.connection("admin").zadd("realm:{0}:deadlines", {hold: 1})
    api.log.outcome = "append"
    api.client.post("/buy_sword", json={"sword": "wooden_sword"}, headers=token)
    found = grown(before, scraped(api))
    assert found["guildhall_voids_appended_total"] == 1
    assert "guildhall_holds_open,realm=0" not in found


@pytest.mark.redis
def test_without_redis_the_api_still_serves_its_own_counts(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.ledger, "overview", Broken().overview)
    found = scraped(api)
    assert found["guildhall_source_up,source=redis"] == 0
    assert not any(name.startswith("guildhall_holds_open") for name in found)
    assert "guildhall_holds_taken_total" in found


class Served:
    """What both processes of a running instance serve."""

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


@pytest.mark.stack
def test_the_streams_serve_what_is_declared(served: Served) -> None:
    assert types(served.text(Server.STREAMING)) == declared(Server.STREAMING)


@pytest.mark.stack
def test_the_numbers_are_those_of_what_happened(pipeline: Instance, served: Served) -> None:
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
    assert accepted == 4  # with the registration
    assert new("guildhall_holds_taken_total") == accepted
    assert new("guildhall_append_seconds_count") == accepted
    assert new("guildhall_records_total,outcome=settled,realm=1") == accepted
    assert new("guildhall_records_total,outcome=(voided|rejected|malformed),.*") == 0
    records = new("guildhall_records_total,.*")  # with telemetry, which needs no hold
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


@pytest.mark.stack
def test_no_counter_of_the_api_goes_back_when_one_of_its_processes_dies(pipeline: Instance, served: Served) -> None:
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


@pytest.mark.stack
def test_the_counts_have_their_space_on_disk(pipeline: Instance) -> None:
    """A write into a hole of a file kills the process when the disk is full."""
    files = list(Path(pipeline.home, "run", "api-metrics").glob("*.db"))
    assert len(files) >= 4
    assert all(file.stat().st_blocks * 512 >= file.stat().st_size for file in files)
