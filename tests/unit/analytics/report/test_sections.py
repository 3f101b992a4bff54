"""Test the sections of the report with small data frames."""

from __future__ import annotations

import pytest

from load.simulation import personas
from tests.support.lazy import Lazy

np = Lazy("numpy")
pd = Lazy("pandas")
combat = Lazy("analytics.report.combat")
data_quality = Lazy("analytics.report.data_quality")
diagram = Lazy("analytics.report.diagram")
economy = Lazy("analytics.report.economy")
pipeline_health = Lazy("analytics.report.pipeline_health")
player_behaviour = Lazy("analytics.report.player_behaviour")
theme = Lazy("analytics.report.theme")
statistics = Lazy("analytics.report.statistics")
ground_truth = Lazy("load.simulation.ground_truth")


def funnel_frame() -> pd.DataFrame:
    rows = [(False, False, False, False, 20), (True, False, False, False, 30), (True, True, False, False, 40),
            (True, True, True, True, 8), (False, True, False, False, 2)]  # fmt: skip
    return pd.DataFrame(rows, columns=["looked", "bought", "fought", "joined", "players"])


def leaving_frame() -> pd.DataFrame:
    """Return sessions of guild members and of other players, who leave twice as often."""
    rows = [(1, False, "few", "first", 1000, 300)]
    for session in range(2, 8):
        for actions in ("few", "many"):
            rows += [(session, True, actions, "daily", 400, 17 + session % 5)]
            rows += [(session, False, actions, "daily", 600, 57 + session % 4)]
    return pd.DataFrame(rows, columns=["session", "in_guild", "actions", "pace", "sessions", "final"])


def fight_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = [(a, t, 100 + 50 * i, 10, 900, 400) for i, a in enumerate(combat.BANDS) for t in combat.BANDS]
    defeats = [(True, "few", True, 50, 40), (True, "few", False, 150, 120), (False, "few", False, 80, 20)]
    return (
        pd.DataFrame(rows, columns=["attacker", "target", "blows", "victories", "damage", "target_sessions"]),
        pd.DataFrame(defeats, columns=["fought", "actions", "felled", "players", "returned"]),
    )


def sale_frame() -> pd.DataFrame:
    moments = pd.date_range("2026-10-01", periods=10, freq="D").repeat(3) + pd.to_timedelta([17, 18, 19] * 10, "h")
    frame = pd.DataFrame({"moment": moments, "players": 100, "item": "dragon_sword"})
    frame["in_sale"] = frame["moment"].dt.day == 7
    frame["units"] = np.where(frame["in_sale"], 12, 3) + np.arange(30) % 2
    frame["sale_units"] = frame["units"].where(frame["in_sale"], 0)
    frame["gold"] = frame["units"] * np.where(frame["in_sale"], 105, 150)
    frame["other_units"] = 8 + np.arange(30) % 3
    frame["other_gold"] = frame["other_units"] * 30
    return frame


def gold_frames() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    days = pd.date_range("2026-10-01", periods=20, freq="D")
    flows = pd.DataFrame({"day": days, "event_type": "gold_claimed", "created": 1000, "destroyed": 0})
    spent = flows.assign(event_type="sword_bought", created=0, destroyed=[700, 740, 690, 720] * 5)
    there = pd.DataFrame({"day": days, "players": 100, "sessions": 150, "actions": 900, "newcomers": 12})
    trades = pd.DataFrame({"day": days, "item": "iron_sword", "trades": 20, "price": [22.0, 24.0, 23.0, 21.0] * 5})
    return pd.concat([flows, spent]), there, trades


def test_funnel_counts_players_with_all_earlier_steps():
    steps = player_behaviour.funnel(funnel_frame())
    assert list(steps["all_before"]) == [100, 78, 48, 8, 8]
    assert list(steps["did"]) == [100, 78, 50, 8, 8]
    assert "between *bought something* and *struck a player*: 40.0 % of all" in player_behaviour.funnel_text(steps)


def test_guild_correlation_is_not_called_an_effect():
    found = player_behaviour.guild_effect(leaving_frame())
    assert found.members.value == pytest.approx(0.05, abs=0.005)
    assert found.adjusted.low < 0.5 < found.adjusted.high
    assert found.needed > 100
    assert "not yet an effect" in player_behaviour.guild_text(found)
    assert "30.0 %" in player_behaviour.leaving_text(player_behaviour.leaving(leaving_frame()), pd.DataFrame())


def test_retention_counts_complete_days_only():
    day = pd.Timestamp("2026-10-01")
    frame = pd.DataFrame({"cohort": [day] * 3, "age": [0, 1, 2], "players": [50, 20, 7]})
    known = player_behaviour.retention(frame, pd.Timestamp("2026-10-03 09:00"))
    ages = player_behaviour.by_age(known)
    assert list(ages["age"]) == [0, 1]
    assert list(ages["there"]) == [50, 20]


def test_growing_gold_has_an_interval():
    flows, there, trades = gold_frames()
    found = economy.inflation(economy.daily_gold(flows, there), trades)
    assert found.net.low > 0
    assert found.prices is not None
    assert not found.prices.excludes(0)
    assert "none that can be told from chance" in economy.gold_text(economy.daily_gold(flows, there), found)


def test_sale_is_compared_with_other_days():
    found = economy.sale(sale_frame())
    assert (found.price, found.usual_price) == (105, 150)
    assert found.units.low > 2
    assert not found.others.excludes(1)
    with pytest.raises(statistics.InsufficientData, match="no sale"):
        economy.sale(sale_frame().head(0))


def test_players_with_regular_pauses_are_bots():
    steady = pd.DataFrame({"actions": [900, 300, 200, 150, 120], "strikes": 50, "victories": 5})
    steady = steady.assign(regularity=[0.7, 0.09, 0.08, 0.1, 0.05], pauses=steady["actions"])
    found = combat.bots(steady, players=400, actions=9000, fights=fight_frames()[0])
    assert (found.players, found.actions) == (1, 0.1)
    assert "1 player keeps time like a program" in combat.bots_text(found, steady)


def test_late_events_are_counted_by_source():
    frame = pd.DataFrame({"generated": [True, True, False], "within_seconds": [1, 60, 1], "events": [990, 10, 1000]})
    rows = data_quality.lateness(frame.assign(longest=[0.4, 55.0, 0.2]))
    assert data_quality.late(rows).value == pytest.approx(0.005)
    assert data_quality.waits_for(rows, 0.9999) == 60
    assert data_quality.waits_for(rows, 0.99) == 1


def test_duplicate_share_ignores_telemetry():
    assert data_quality.twice({"settled": 590, "duplicate": 10, "telemetry": 400}).value == pytest.approx(10 / 600)


def test_day_with_few_trades_has_no_average_price():
    days = pd.to_datetime(["2026-10-01", "2026-10-02", "2026-10-03"])
    trades = pd.DataFrame({"day": days, "item": "iron_sword", "trades": [80, 60, 2], "price": [20.0, 21.0, 300.0]})
    (axes,) = economy.plot_trade_prices(trades).axes
    assert len(axes.lines[0].get_xdata()) == 2


def test_frequent_weekday_is_not_busier():
    often = [(d, h, 30 if d == 1 else 10, 3 if d == 1 else 1) for d in range(1, 8) for h in range(24)]
    drawn = player_behaviour.plot_rhythm(pd.DataFrame(often, columns=["weekday", "hour", "sessions", "days"]))
    assert set(drawn.axes[0].collections[0].get_array().ravel()) == {10}


def test_quantile_of_histogram_is_interpolated():
    buckets = {0.1: 50.0, 0.2: 90.0, 1.0: 100.0, float("inf"): 100.0}
    assert pipeline_health.quantile(buckets, 0.5) == pytest.approx(0.1)
    assert pipeline_health.quantile(buckets, 0.7) == pytest.approx(0.15)
    assert pipeline_health.quantile({0.1: 0.0, float("inf"): 5.0}, 0.5) == 0.1


def test_differing_counts_are_marked():
    records = pd.DataFrame({"landed": [9], "quarantined": [1], "actions": [7]})
    types = pd.DataFrame({"event_type": ["sword_bought", "signed_in"], "actions": [5, 2]})
    side = pipeline_health.LiveCounts(
        10, 10, {"settled": 6, "telemetry": 2}, {"sword_bought": 5, "signed_in": 2, "fence": 1}, 10, 60
    )
    assert list(pipeline_health.comparison(side, records, types, 60)["verdict"]) == ["the same"] * 4
    types.loc[0, "actions"] = 4
    found = pipeline_health.comparison(side, records, types, 61)
    assert list(found["verdict"]) == ["the same", "the same", "DIFFERENT", "DIFFERENT"]
    found = pipeline_health.comparison(side, records, types, 61, moving=True)
    assert list(found["verdict"])[2:] == ["read at different times"] * 2


def test_findings_are_compared_with_ground_truth():
    late = statistics.Estimate(personas.LATE_RATE, personas.LATE_RATE / 2, personas.LATE_RATE * 2)
    bots = statistics.Estimate(0.5, 0.4, 0.6)
    rows = ground_truth.comparison(None, None, bots, late, None)
    assert list(rows["verdict"]) == ["estimated too high", "within the interval"]


def test_every_figure_can_be_drawn():
    theme.apply()
    flows, there, trades = gold_frames()
    fights, defeats = fight_frames()
    sold = pd.DataFrame({"item": ["iron_sword", "oak_shield"], "item_kind": ["sword", "shield"], "price": [30, 20]})
    items = economy.by_item(sold.assign(units=[50, 10], gold=[1500, 200], buyers=[9, 9]))
    last = pd.DataFrame({"event_type": ["shop_viewed"], "players": [9]})
    cohorts = [(pd.Timestamp("2026-10-01") + pd.Timedelta(days=d), a, 40 - a) for d in range(9) for a in range(10 - d)]
    known = player_behaviour.retention(
        pd.DataFrame(cohorts, columns=["cohort", "age", "players"]), pd.Timestamp("2026-10-12")
    )
    purses = pd.DataFrame({"gold": range(100), "players": 3})
    rhythm = pd.DataFrame(
        [(d, h, 5 + h, 2) for d in range(1, 8) for h in range(24)], columns=["weekday", "hour", "sessions", "days"]
    )
    waits = pd.DataFrame(
        {"generated": [True, True], "within_seconds": [1, 60], "events": [99, 9], "longest": [1.0, 50.0]}
    )
    steady = pd.DataFrame({"pauses": [900, 200], "regularity": [0.7, 0.1]})
    drawn = [
        diagram.pipeline({"Kafka": "10 records"}),
        economy.plot_items(items),
        economy.plot_flows(flows),
        economy.plot_stock(economy.daily_gold(flows, there)),
        economy.plot_trade_prices(trades),
        economy.plot_sale(sale_frame(), economy.sale(sale_frame())),
        player_behaviour.plot_funnel(player_behaviour.funnel(funnel_frame())),
        player_behaviour.plot_leaving(player_behaviour.leaving(leaving_frame()), last),
        player_behaviour.plot_retention(known),
        player_behaviour.plot_guilds(leaving_frame(), player_behaviour.guild_effect(leaving_frame())),
        player_behaviour.plot_rhythm(rhythm),
        combat.plot_fights(fights),
        combat.plot_wealth(purses, combat.wealth(purses, 10)),
        combat.plot_bots(steady),
        data_quality.plot_lateness(data_quality.lateness(waits)),
    ]
    assert all(figure.get_axes() for figure in drawn)
    assert player_behaviour.quiet_hours(rhythm)[0] == 0
    assert "80.0 % (67.0 to 88.8) came back" in combat.fights_text(combat.targets(fights, defeats))
