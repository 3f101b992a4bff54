"""Test the statistics in the report."""

import pytest

from tests.support.lazy import Lazy

np = Lazy("numpy")
pd = Lazy("pandas")
statistics = Lazy("analytics.report.statistics")


def test_interval_of_share_is_within_0_and_1():
    none, every = statistics.share(0, 30), statistics.share(30, 30)
    assert none.value == 0 == pytest.approx(none.low)
    assert 0.05 < none.high < 0.2
    assert (every.value, every.high) == (1, pytest.approx(1))


def test_difference_of_shares_is_within_its_interval():
    found = statistics.difference(60, 100, 40, 100)
    assert found.value == pytest.approx(0.2)
    assert found.low < 0.2 < found.high
    assert found.excludes(0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: statistics.share(0, 0),
        lambda: statistics.difference(1, 3, 1, 100),
        lambda: statistics.mean([1.0, 2.0]),
        lambda: statistics.trend([1.0] * 6),
        lambda: statistics.gini_estimate([1, 2]),
        lambda: statistics.require(float("nan"), "events"),
    ],
)
def test_too_little_data_is_insufficient(ask):
    with pytest.raises(statistics.InsufficientData):
        ask()


def test_trend_finds_the_slope():
    noise = np.random.default_rng(1).normal(0, 0.1, 30)
    found = statistics.trend(3 + 0.5 * np.arange(30) + noise)
    assert found.low < 0.5 < found.high
    assert found.high - found.low < 0.1


def test_gini_of_extremes_is_0_and_1():
    assert statistics.gini(np.full(50, 7.0)) == pytest.approx(0)
    assert statistics.gini(np.array([0.0] * 99 + [1.0])) == pytest.approx(0.99)
    found = statistics.gini_estimate(np.random.default_rng(1).exponential(size=2000))
    assert found.low < 0.5 < found.high  # an exponential distribution has the Gini coefficient 0.5


def test_hazard_ratio_adjusts_for_a_confounder():
    """Within each stratum, exposed players leave 0.6 times as often as the others.

    Keenness confounds this, because keen players are exposed more often.
    """
    rows = [
        # The columns are: stratum (keen or lazy), exposed, sessions, left.
        ("keen", True, 90_000, 2_650),
        ("keen", False, 30_000, 1_520),
        ("lazy", True, 10_000, 1_220),
        ("lazy", False, 70_000, 13_900),
    ]
    frame = pd.DataFrame(rows, columns=["keen", "in_guild", "sessions", "final"])
    naive = statistics.hazard_ratio(frame, "in_guild", "final", "sessions")
    adjusted = statistics.hazard_ratio(frame, "in_guild", "final", "sessions", ["keen"])
    assert naive.high < 0.5
    assert adjusted.low < 0.6 < adjusted.high


def test_rate_ratio_is_per_exposure():
    exposed = pd.Series([True] * 6 + [False] * 60)
    players = pd.Series([200.0] * 6 + [100.0] * 60)
    counts = pd.Series([80.0, 78, 84, 79, 81, 78] + [20.0, 22, 18, 19, 21, 20] * 10)
    found = statistics.rate_ratio(counts, exposed, players)
    assert found.value == pytest.approx(2, rel=0.02)
    assert found.excludes(1)


def test_smaller_effect_needs_more_players():
    assert statistics.players_needed(0.3, 0.2) < statistics.players_needed(0.3, 0.28)
