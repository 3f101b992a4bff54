"""Test the metrics of the streams without servers."""

from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from infra import metrics
from streaming.lag_metrics import LagCollector
from streaming.metrics import BatchHistogram, RealmGauge
from tests.support.metrics import Broken, parse


def test_batch_histogram_counts_as_the_library() -> None:
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


def test_unreachable_server_hides_only_its_metrics() -> None:
    lag = LagCollector(Broken(), SimpleNamespace(realms=1), RealmGauge(metrics.LANDED_OFFSET))  # type: ignore[arg-type]
    lag._log = Broken()  # type: ignore[assignment]
    registry = CollectorRegistry()
    registry.register(lag)
    assert parse(generate_latest(registry).decode()) == {
        "guildhall_source_up,source=redis": 0,
        "guildhall_source_up,source=kafka": 0,
    }


def test_landed_offsets_need_no_server() -> None:
    registry, landed = CollectorRegistry(), RealmGauge(metrics.LANDED_OFFSET)
    lag = LagCollector(Broken(), SimpleNamespace(realms=1), landed)  # type: ignore[arg-type]
    registry.register(lag)
    registry.register(landed)
    landed.update({0: -1, 1: 7})
    lag.collect = None  # type: ignore[assignment, method-assign]
    found = generate_latest(registry.restricted_registry(["guildhall_landed_offset"])).decode()
    assert parse(found) == {"guildhall_landed_offset,realm=0": -1, "guildhall_landed_offset,realm=1": 7}
