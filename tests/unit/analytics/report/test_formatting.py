"""Figures as text."""

import pytest

from analytics.report import formatting as fmt
from analytics.report.statistics import Estimate


@pytest.mark.parametrize(
    ("said", "words_of_it"),
    [
        (fmt.count(1234, "player"), "1,234 players"),
        (fmt.count(1, "player"), "1 player"),
        (fmt.count(7), "7"),
        (fmt.percent(Estimate(0.123, 0.1, 0.15)), "12.3 % (10.0 to 15.0)"),
        (fmt.points(Estimate(-0.012, -0.02, 0.001)), "-1.2 points (-2.0 to +0.1)"),
        (fmt.times(Estimate(1.5, 1.25, 1.75)), "× 1.50 (1.25 to 1.75)"),
        (fmt.number(Estimate(1200, 1000, 1400), "gold"), "1,200 gold (1,000 to 1,400)"),
        (fmt.seconds(0.142), "0.14 s"),
        (fmt.seconds(900), "15 min"),
        (fmt.size(3_400_000), "3.4 MB"),
        (fmt.size(0), "0 B"),
        (fmt.listed(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_figures_read_well(said, words_of_it):
    assert said == words_of_it
