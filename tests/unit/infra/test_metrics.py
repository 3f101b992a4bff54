"""Test the registry of metrics and the document that lists them."""

import re

import pytest

from infra import metrics
from infra.metrics import CounterMetric, HistogramMetric
from infra.paths import ROOT


@pytest.mark.parametrize("metric", metrics.ALL, ids=lambda metric: metric.name)
def test_metric_name_follows_prometheus(metric: metrics.Metric) -> None:
    assert re.fullmatch(r"guildhall(_[a-z]+)+", metric.name)
    assert metric.name.endswith("_total") == isinstance(metric, CounterMetric)
    assert metric.name.endswith("_seconds") == (metric.unit == "seconds")
    assert not re.search(r"_(bucket|sum|count|created|info)$", metric.name)
    assert metric.help[0].isupper()
    assert metric.help.endswith(".")
    assert all(re.fullmatch(r"[a-z]+", label) and label not in ("le", "job", "instance") for label in metric.labels)
    if isinstance(metric, HistogramMetric):
        assert list(metric.buckets) == sorted(set(metric.buckets))


def test_metric_name_is_declared_once() -> None:
    assert len({m.name for m in metrics.ALL}) == len(metrics.ALL)


def test_document_lists_the_registry() -> None:
    """If this fails, ``python -m infra.metrics`` updates the document."""
    assert metrics.table() in (ROOT / "docs" / "reference" / "metrics.md").read_text()


def test_every_rule_in_the_document_names_a_metric() -> None:
    text = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    named = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"guildhall_[a-z_]+", text)}
    assert named <= {m.name for m in metrics.ALL}
