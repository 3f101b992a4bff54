"""Analyse the shop's sales, the flows of gold, the prices among players, and the flash sale."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
from matplotlib.figure import Figure

from analytics.report import formatting as fmt
from analytics.report import theme
from analytics.report.statistics import CONFIDENCE_LEVEL, Estimate, InsufficientData, mean, rate_ratio, require, trend
from game.catalogue import ITEMS

MIN_TRADES = 10  # a day with fewer trades is not plotted, because the average of two or three prices means nothing

#: Names for event types in the plot of gold flows. Event types that are not listed keep their own names.
FLOWS = {
    "gold_claimed": "daily gold",
    "player_registered": "starting gold",
    "quest_rewarded": "quests",
    "player_defeated": "bounties",
    "item_sold": "items sold back",
    "sword_bought": "swords",
    "item_bought": "shields and potions",
    "player_revived": "revivals",
    "player_left": "players who left",
    "actions_batched": "batches",
}


def by_item(sold: pd.DataFrame) -> pd.DataFrame:
    """Return one row per item with its sums over all prices, sorted by gold in descending order."""
    require(float(sold["units"].sum()), "pieces sold")
    totals = sold.groupby(["item", "item_kind"], as_index=False)[["units", "gold"]].sum()
    totals["price"] = totals["gold"] / totals["units"]
    totals["share"] = totals["gold"] / totals["gold"].sum()
    return totals.sort_values("gold", ascending=False, ignore_index=True)


def plot_items(items: pd.DataFrame) -> Figure:
    """Plot the gold spent on each item and the pieces bought, side by side."""
    figure, (left, right) = theme.figure(2, height=4.2, sharey=True)
    names = [
        f"{fmt.name(item)} ({price:,.0f})"
        for item, price in zip(items["item"].astype(str), items["price"], strict=True)
    ]
    kinds = dict(zip(("sword", "shield", "potion"), theme.COLOURS, strict=False))
    for axes, column, title in ((left, "gold", "Gold spent"), (right, "units", "Pieces bought")):
        sns.barplot(x=items[column], y=names, hue=items["item_kind"], palette=kinds, saturation=1, ax=axes)
        theme.label(axes, title, "gold" if column == "gold" else "pieces", "")
        theme.with_thousands(axes, "x")
    left.set_ylabel("item (average price in gold)")
    left.legend().set_visible(False)
    right.legend(title="", loc="lower right")
    return figure


def items_text(items: pd.DataFrame) -> str:
    """Describe the sales in sentences."""
    best, most_bought = items.iloc[0], items.sort_values("units").iloc[-1]
    cheap = items[items["price"] <= items["price"].median()]
    swords = items[items["item_kind"] == "sword"]
    return (
        f"The shop took {fmt.count(items['gold'].sum())} gold for {fmt.count(items['units'].sum(), 'piece')}. "
        f"The **{fmt.name(best['item'])}** at {best['price']:,.0f} gold brings the most gold: "
        f"{fmt.percent(best['share'])} of it. The **{fmt.name(most_bought['item'])}** at "
        f"{most_bought['price']:,.0f} gold is bought most often: {fmt.count(most_bought['units'], 'time')}. "
        "The cheaper half of the catalogue makes up "
        f"{fmt.percent(cheap['units'].sum() / items['units'].sum(), 0)} of the pieces and "
        f"{fmt.percent(cheap['gold'].sum() / items['gold'].sum(), 0)} of the gold; swords make up "
        f"{fmt.percent(swords['gold'].sum() / items['gold'].sum(), 0)} of the gold. Prices differ only between "
        "different items, so only the flash sale shows how much the price of one item matters."
    )


def daily_gold(flows: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """Return one row per day: gold created, gold destroyed, the stock at the end of the day, and the stock per player.

    The players are those who were active on the day. The first and the last day are usually incomplete. The result
    includes these days, because the stock would be wrong without them.
    """
    daily = flows.groupby("day")[["created", "destroyed"]].sum().sort_index()
    daily["net"] = daily["created"] - daily["destroyed"]
    daily["stock"] = daily["net"].cumsum()
    joined = daily.join(days.set_index("day")["players"])
    joined["each"] = joined["stock"] / joined["players"]
    return joined.reset_index()


def plot_flows(flows: pd.DataFrame) -> Figure:
    """Plot the sources of gold to the right and the sinks to the left, with the largest flow first."""
    require(len(flows), "kinds of flows of gold", 1)
    totals = flows.groupby("event_type")[["created", "destroyed"]].sum()
    totals["net"] = totals["created"] - totals["destroyed"]
    totals = totals.reindex(totals["net"].abs().sort_values(ascending=False).index)
    figure, (axes,) = theme.figure()
    names = [FLOWS.get(str(code), fmt.name(str(code))) for code in totals.index]
    colours = [theme.BLUE if net >= 0 else theme.ORANGE for net in totals["net"]]
    bars = axes.barh(names, totals["net"], color=colours)
    axes.bar_label(bars, [f"{net:+,.0f}" for net in totals["net"]], padding=4, fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0, color=theme.INK, linewidth=0.8)
    axes.margins(x=0.16)
    theme.label(axes, "Gold created (right) and destroyed (left)", "gold, over all days", "")
    theme.with_thousands(axes, "x")
    return figure


def plot_stock(daily: pd.DataFrame) -> Figure:
    """Plot the gold created and destroyed on each day, and the stock of gold per player who was active on the day."""
    # Leave out the last day. It may be incomplete, so that the whole stock would be divided by only a few players.
    daily = daily.iloc[:-1] if len(daily) > 2 else daily
    figure, (left, right) = theme.figure(2)
    left.plot(daily["day"], daily["created"], color=theme.BLUE, marker="o", markersize=3, label="created")
    left.plot(daily["day"], daily["destroyed"], color=theme.ORANGE, marker="s", markersize=3, label="destroyed")
    left.legend()
    theme.label(left, "Gold per day", "", "gold")
    right.plot(daily["day"], daily["each"], color=theme.GREEN, marker="o", markersize=3)
    theme.label(right, "All gold per active player", "", "gold")
    for axes in (left, right):
        axes.set_ylim(bottom=0)
        theme.as_dates(axes)
        theme.with_thousands(axes)
    return figure


@dataclass(frozen=True)
class Inflation:
    """How the amount of gold and the prices change over time."""

    net: Estimate  # gold per day over the later half of the days
    supply: Estimate  # daily change of the gold per active player, as a share of its average
    prices: Estimate | None  # weekly change of prices among players, as a share; None if players trade too little


def inflation(daily: pd.DataFrame, trades: pd.DataFrame) -> Inflation:
    """Estimate the trends of gold and of prices among players.

    The trends of gold use only the later half of the complete days, because at the launch every player brings starting
    gold.
    """
    complete = daily.iloc[1:-1]
    require(len(complete), "complete days", 7)
    later = complete.iloc[len(complete) // 2 :]
    supply = trend(later["each"]).scaled(1 / float(later["each"].mean()))
    try:
        prices = price_trend(trades)
    except InsufficientData:
        prices = None
    return Inflation(mean(later["net"]), supply, prices)


def relative_prices(trades: pd.DataFrame) -> pd.DataFrame:
    """Return the trades of catalogue items, with the column ``relative``: the price as a share of the shop's price."""
    known = trades[trades["item"].isin(list(ITEMS))].copy()
    known["relative"] = known["price"] / known["item"].map({name: item.price for name, item in ITEMS.items()})
    return known


def price_trend(trades: pd.DataFrame) -> Estimate:
    """Estimate the weekly change of prices among players, as a share.

    The model is a regression of the price's logarithm, with a constant per item. The number of trades is the weight of
    a day.
    """
    known = relative_prices(trades)
    require(float(known["trades"].sum()) if len(known) else 0, "trades", 100)
    weeks = (known["day"] - known["day"].min()).dt.days / 7
    items = pd.get_dummies(known["item"], dtype=float)
    columns = np.column_stack([weeks.to_numpy(), items.to_numpy()])
    fitted = sm.WLS(np.log(known["relative"]).to_numpy(), columns, weights=known["trades"].to_numpy()).fit(
        cov_type="HC1"
    )
    low, high = np.exp(fitted.conf_int(1 - CONFIDENCE_LEVEL)[0]) - 1
    return Estimate(float(np.exp(fitted.params[0]) - 1), float(low), float(high))


def gold_text(daily: pd.DataFrame, inflation: Inflation) -> str:
    """Describe in sentences the sources, the sinks and the trends of gold."""
    created, destroyed = daily["created"].sum(), daily["destroyed"].sum()
    supply = (
        f"The stock of gold per active player changes by {fmt.percent(inflation.supply, 2)} a day"
        if inflation.supply.excludes(0)
        else "The stock of gold per active player shows no trend that can be told from chance"
        f" ({fmt.percent(inflation.supply, 2)} a day)"
    )
    prices = "Players trade too little to estimate a trend of prices."
    if inflation.prices:
        prices = f"Prices among players change by {fmt.percent(inflation.prices, 1)} a week: " + (
            "a trend." if inflation.prices.excludes(0) else "none that can be told from chance."
        )
    return (
        f"The game created {fmt.count(created)} gold and took back {fmt.count(destroyed)} "
        f"({fmt.percent(destroyed / created, 0)}). {net_text(inflation.net)} {supply}. {prices} Shop prices are "
        "fixed, so more gold cannot raise them; it makes them matter less."
    )


def net_text(net: Estimate) -> str:
    """Describe in a sentence whether the amount of gold grows."""
    if not net.excludes(0):
        return f"In the later half of the days, no growth of gold can be told from chance: {fmt.number(net)} a day."
    if net.value > 0:
        return f"In the later half of the days, {fmt.number(net)} more gold was created each day than destroyed."
    less = fmt.number(Estimate(-net.value, -net.high, -net.low))
    return f"In the later half of the days, {less} more gold was destroyed each day than created."


def plot_trade_prices(trades: pd.DataFrame) -> Figure:
    """Plot each day's average price among players over all items, as a share of the shop's price."""
    known = relative_prices(trades)
    require(float(known["trades"].sum()) if len(known) else 0, "trades", 100)
    known["weighted"] = known["relative"] * known["trades"]
    daily = known.groupby("day")[["weighted", "trades"]].sum()
    daily = daily[daily["trades"] >= MIN_TRADES]
    figure, (axes,) = theme.figure(height=3.2)
    axes.plot(daily.index, daily["weighted"] / daily["trades"], color=theme.BLUE, marker="o", markersize=4)
    axes.axhline(1, color=theme.GREY, linestyle="--")
    axes.axhline(0.5, color=theme.GREY, linestyle=":")
    axes.text(daily.index[0], 1.01, "the shop's price", fontsize=8, va="bottom")
    axes.text(daily.index[0], 0.51, "what the shop pays back", fontsize=8, va="bottom")
    axes.set_ylim(0.4, 1.1)
    theme.label(axes, "Prices of trades among players", "", "of the shop's price")
    theme.as_percent(axes)
    theme.as_dates(axes)
    return figure


#: The sale is compared only with days that are at most this far from it. Days near the launch would distort the
#: comparison, because every player buys a first sword then.
MAX_DISTANCE = pd.Timedelta(days=7, hours=12)


@dataclass(frozen=True)
class Sale:
    """The flash sale and its effects.

    Each estimate is a factor: a quantity per present player during the sale, divided by this quantity on usual days.
    """

    item: str
    pieces: int  # number of pieces sold at the lower price
    hours: int
    price: float
    usual_price: float
    units: Estimate  # factor for the pieces of the item
    gold: Estimate  # factor for the gold from the item
    others: Estimate  # factor for the pieces of other swords
    all_gold: Estimate  # factor for the gold from all swords
    crowd: float  # factor for the number of present players


def sale(hours: pd.DataFrame) -> Sale:
    """Compare the sale with the same hours on the days before and after it, per present player."""
    if hours.empty:
        raise InsufficientData("there was no sale")
    hours = hours[(hours["moment"] - hours.loc[hours["in_sale"].astype(bool), "moment"].min()).abs() <= MAX_DISTANCE]
    within = hours["in_sale"].astype(bool)
    require(int((~within).sum()), "other hours for comparison", 12)
    require(float(hours.loc[~within, "units"].sum()), "pieces sold at the usual price", 10)
    on, off = hours[within], hours[~within]
    item = str(hours["item"].iloc[0])
    sold_full = on["units"].sum() - on["sale_units"].sum()
    usual = off["gold"].sum() / off["units"].sum()
    at_sale = (on["gold"].sum() - sold_full * usual) / max(1, on["sale_units"].sum())
    return Sale(
        item,
        int(on["sale_units"].sum()),
        int(within.sum()),
        float(at_sale),
        float(usual),
        rate_ratio(hours["units"], within, hours["players"]),
        rate_ratio(hours["gold"], within, hours["players"]),
        rate_ratio(hours["other_units"], within, hours["players"]),
        rate_ratio(hours["gold"] + hours["other_gold"], within, hours["players"]),
        float(on["players"].mean() / off["players"].mean()),
    )


def plot_sale(hours: pd.DataFrame, sale: Sale) -> Figure:
    """Plot each day's pieces per 100 present players during the hours of the sale: the item, and other swords."""
    figure, (left, right) = theme.figure(2)
    days = hours.assign(day=hours["moment"].dt.normalize()).groupby("day")
    daily = days[["units", "other_units", "players", "in_sale"]].agg(
        {"units": "sum", "other_units": "sum", "players": "sum", "in_sale": "max"}
    )
    for axes, column, title in (
        (left, "units", fmt.name(sale.item)),
        (right, "other_units", "all other swords"),
    ):
        rate = 100 * daily[column] / daily["players"]
        colours = [theme.ORANGE if on else theme.BLUE for on in daily["in_sale"]]
        axes.bar(daily.index, rate, color=colours)
        theme.label(axes, title.capitalize(), "", "pieces per 100 player-hours")
        theme.as_dates(axes)
        # Label the day of the sale, so that colour alone does not carry the information.
        day = daily.index[daily["in_sale"].astype(bool)][0]
        axes.annotate("sale", (day, float(rate.loc[day])), ha="center", va="bottom", fontsize=9, weight="bold")
        axes.margins(y=0.12)
    return figure


def sale_text(sale: Sale) -> str:
    """Describe the effects of the sale in sentences."""
    return (
        f"For {fmt.count(sale.hours, 'hour')} the {fmt.name(sale.item)} cost {sale.price:,.0f} gold instead of "
        f"{sale.usual_price:,.0f}, and {fmt.count(sale.pieces, 'piece')} were sold at that price. Compared with the "
        "same hours of the seven days before and after, per player present, its sales were "
        f"{fmt.times(sale.units)}, and the gold from it {fmt.times(sale.gold)}. "
        f"Sales of all other swords were {fmt.times(sale.others)}"
        + (": no sign that it took buyers from them. " if sale.others.high >= 1 else ": it took buyers from them. ")
        + f"There were {sale.crowd:.1f} times as many players as usual at these hours. One sale cannot tell whether it "
        "attracted them or the day was busy anyway."
    )
