"""Test how the report formats numbers as text."""

import pytest

from tests.support.lazy import Lazy

fmt = Lazy("analytics.report.formatting")
statistics = Lazy("analytics.report.statistics")


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (lambda: fmt.count(1234, "player"), "1,234 players"),
        (lambda: fmt.count(1, "player"), "1 player"),
        (lambda: fmt.count(7), "7"),
        (lambda: fmt.percent(statistics.Estimate(0.123, 0.1, 0.15)), "12.3 % (10.0 to 15.0)"),
        (lambda: fmt.points(statistics.Estimate(-0.012, -0.02, 0.001)), "-1.2 points (-2.0 to +0.1)"),
        (lambda: fmt.times(statistics.Estimate(1.5, 1.25, 1.75)), "× 1.50 (1.25 to 1.75)"),
        (lambda: fmt.number(statistics.Estimate(1200, 1000, 1400), "gold"), "1,200 gold (1,000 to 1,400)"),
        (lambda: fmt.seconds(0.142), "0.14 s"),
        (lambda: fmt.seconds(900), "15 min"),
        (lambda: fmt.size(3_400_000), "3.4 MB"),
        (lambda: fmt.size(0), "0 B"),
        (lambda: fmt.listed(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_figure_is_formatted(write, text):
    assert write() == text
