"""What sells, what gold comes and goes, what players pay one another, and the flash sale."""

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

FEWEST_TRADES = 10  # of a day whose average price is shown: that of two or three trades says nothing

#: Event types by what they are for the flow of gold; others are named as they are.
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
    """A row an item, at whatever prices it was sold; the one that brought most gold first."""
    require(float(sold["units"].sum()), "pieces sold")
    together = sold.groupby(["item", "item_kind"], as_index=False)[["units", "gold"]].sum()
    together["price"] = together["gold"] / together["units"]
    together["share"] = together["gold"] / together["gold"].sum()
    return together.sort_values("gold", ascending=False, ignore_index=True)


def plot_items(items: pd.DataFrame) -> Figure:
    """Gold and pieces of each item, side by side."""
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
    """What sells, in sentences."""
    best, most = items.iloc[0], items.sort_values("units").iloc[-1]
    cheap = items[items["price"] <= items["price"].median()]
    swords = items[items["item_kind"] == "sword"]
    return (
        f"The shop took {fmt.count(items['gold'].sum())} gold for {fmt.count(items['units'].sum(), 'piece')}. "
        f"The **{fmt.name(best['item'])}** at {best['price']:,.0f} gold brings most gold: "
        f"{fmt.percent(best['share'])} of it. What is bought most often is the **{fmt.name(most['item'])}** at "
        f"{most['price']:,.0f} gold, {fmt.count(most['units'], 'time')}. The cheaper half of the catalogue makes "
        f"{fmt.percent(cheap['units'].sum() / items['units'].sum(), 0)} of the pieces and "
        f"{fmt.percent(cheap['gold'].sum() / items['gold'].sum(), 0)} of the gold; swords make "
        f"{fmt.percent(swords['gold'].sum() / items['gold'].sum(), 0)} of the gold. Prices differ only between "
        "items, "
        "and so do the items: how much a price matters for one and the same item is seen in the flash sale alone."
    )


def daily_gold(flows: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """A row a day: gold created, destroyed, what all players and guilds hold at its end, and that for each player who
    was there. The first and the last day are seldom whole and stay in: the stock must be right."""
    daily = flows.groupby("day")[["created", "destroyed"]].sum().sort_index()
    daily["net"] = daily["created"] - daily["destroyed"]
    daily["stock"] = daily["net"].cumsum()
    joined = daily.join(days.set_index("day")["players"])
    joined["each"] = joined["stock"] / joined["players"]
    return joined.reset_index()


def plot_flows(flows: pd.DataFrame) -> Figure:
    """Sources to the right, sinks to the left, the largest first."""
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
    theme.label(axes, "Gold that comes into being (right) and vanishes (left)", "gold, over all days", "")
    theme.with_thousands(axes, "x")
    return figure


def plot_stock(daily: pd.DataFrame) -> Figure:
    """Flows of each day, and the gold there is for each player of the day."""
    # On a last day that has only begun all gold meets the few players who have come yet.
    daily = daily.iloc[:-1] if len(daily) > 2 else daily
    figure, (left, right) = theme.figure(2)
    left.plot(daily["day"], daily["created"], color=theme.BLUE, marker="o", markersize=3, label="created")
    left.plot(daily["day"], daily["destroyed"], color=theme.ORANGE, marker="s", markersize=3, label="destroyed")
    left.legend()
    theme.label(left, "Gold a day", "", "gold")
    right.plot(daily["day"], daily["each"], color=theme.GREEN, marker="o", markersize=3)
    theme.label(right, "All gold for each active player", "", "gold")
    for axes in (left, right):
        axes.set_ylim(bottom=0)
        theme.as_dates(axes)
        theme.with_thousands(axes)
    return figure


@dataclass(frozen=True)
class Inflation:
    """``net`` gold a day over the later half of the days; the daily change of gold for each active player, as a share
    of its average; the weekly change of prices among players, as a share, None if they trade too little."""

    net: Estimate
    supply: Estimate
    prices: Estimate | None


def inflation(daily: pd.DataFrame, trades: pd.DataFrame) -> Inflation:
    """What becomes of gold. The launch is left out: everybody brings starting gold then."""
    whole = daily.iloc[1:-1]
    require(len(whole), "whole days", 7)
    later = whole.iloc[len(whole) // 2 :]
    supply = trend(later["each"]).scaled(1 / float(later["each"].mean()))
    try:
        prices = price_trend(trades)
    except InsufficientData:
        prices = None
    return Inflation(mean(later["net"]), supply, prices)


def relative_prices(trades: pd.DataFrame) -> pd.DataFrame:
    """Trades of items of the catalogue, with ``relative``: the price that was agreed on, as a share of the shop's."""
    known = trades[trades["item"].isin(list(ITEMS))].copy()
    known["relative"] = known["price"] / known["item"].map({name: item.price for name, item in ITEMS.items()})
    return known


def price_trend(trades: pd.DataFrame) -> Estimate:
    """By which share prices among players change in a week: a regression of the logarithm, item by item, that weighs a
    day by its number of trades."""
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


def gold_text(daily: pd.DataFrame, found: Inflation) -> str:
    """Revenue and sinks, in sentences."""
    created, destroyed = daily["created"].sum(), daily["destroyed"].sum()
    supply = (
        f"For each active player the stock of gold changes by {fmt.percent(found.supply, 2)} a day"
        if found.supply.excludes(0)
        else "The stock of gold for each active player shows no trend that can be told from chance"
        f" ({fmt.percent(found.supply, 2)} a day)"
    )
    prices = "Players trade too little for a trend of prices."
    if found.prices:
        prices = f"Prices among players change by {fmt.percent(found.prices, 1)} a week: " + (
            "a trend." if found.prices.excludes(0) else "none that can be told from chance."
        )
    return (
        f"The game created {fmt.count(created)} gold and took {fmt.count(destroyed)} back "
        f"({fmt.percent(destroyed / created, 0)}). {net_text(found.net)} {supply}. {prices} Shop prices "
        "are "
        "fixed, so more gold cannot raise them: it makes them matter less."
    )


def net_text(net: Estimate) -> str:
    """Whether gold grows, in a sentence."""
    if not net.excludes(0):
        return f"In the later half of the days gold neither grew nor shrank for certain: {fmt.number(net)} a day."
    if net.value > 0:
        return f"In the later half of the days {fmt.number(net)} more gold came into being each day than vanished."
    less = fmt.number(Estimate(-net.value, -net.high, -net.low))
    return f"In the later half of the days {less} more gold vanished each day than came into being."


def plot_trade_prices(trades: pd.DataFrame) -> Figure:
    """What players pay one another, as a share of the shop's price: each day's average over all items."""
    known = relative_prices(trades)
    require(float(known["trades"].sum()) if len(known) else 0, "trades", 100)
    known["weighted"] = known["relative"] * known["trades"]
    daily = known.groupby("day")[["weighted", "trades"]].sum()
    daily = daily[daily["trades"] >= FEWEST_TRADES]
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


#: Which days are usual for a sale: at the launch everybody buys a first sword.
NEAR = pd.Timedelta(days=7, hours=12)


@dataclass(frozen=True)
class Sale:
    """The flash sale: by which factor it multiplied, for each player present, the pieces and the gold of the item; the
    pieces of other swords; and the price. ``crowd`` is the factor for the number of players."""

    item: str
    pieces: int
    hours: int
    price: float
    usual_price: float
    units: Estimate
    gold: Estimate
    others: Estimate
    all_gold: Estimate
    crowd: float


def sale(hours: pd.DataFrame) -> Sale:
    """Compare the hours of the sale with the same hours of the days around it, for each player who was present."""
    if hours.empty:
        raise InsufficientData("there was no sale")
    hours = hours[(hours["moment"] - hours.loc[hours["in_sale"].astype(bool), "moment"].min()).abs() <= NEAR]
    within = hours["in_sale"].astype(bool)
    require(int((~within).sum()), "other hours to compare with", 12)
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


def plot_sale(hours: pd.DataFrame, found: Sale) -> Figure:
    """Pieces for each 100 players present, day by day, in the hours of the sale: the item and all other swords."""
    figure, (left, right) = theme.figure(2)
    days = hours.assign(day=hours["moment"].dt.normalize()).groupby("day")
    daily = days[["units", "other_units", "players", "in_sale"]].agg(
        {"units": "sum", "other_units": "sum", "players": "sum", "in_sale": "max"}
    )
    for axes, column, title in (
        (left, "units", fmt.name(found.item)),
        (right, "other_units", "all other swords"),
    ):
        rate = 100 * daily[column] / daily["players"]
        colours = [theme.ORANGE if on else theme.BLUE for on in daily["in_sale"]]
        axes.bar(daily.index, rate, color=colours)
        theme.label(axes, title.capitalize(), "", "pieces for 100 player-hours")
        theme.as_dates(axes)
        # So that colour is not all that tells the day of the sale.
        day = daily.index[daily["in_sale"].astype(bool)][0]
        axes.annotate("sale", (day, float(rate.loc[day])), ha="center", va="bottom", fontsize=9, weight="bold")
        axes.margins(y=0.12)
    return figure


def sale_text(found: Sale) -> str:
    """What the sale did, in sentences."""
    return (
        f"For {fmt.count(found.hours, 'hour')} the {fmt.name(found.item)} cost {found.price:,.0f} gold instead of "
        f"{found.usual_price:,.0f}, and {fmt.count(found.pieces, 'piece')} went at that price. Against the same "
        "hours of the seven days before and after, and for each player present, its sales were "
        f"{fmt.times(found.units)}, and the gold that it brought {fmt.times(found.gold)}. "
        f"Sales of all other swords were {fmt.times(found.others)}"
        + (": no sign that it took buyers from them. " if found.others.high >= 1 else ": it took buyers from them. ")
        + f"There were {found.crowd:.1f} times as many players as usual at these hours; whether the sale brought "
        "them or the day was busy anyway, one sale cannot tell."
    )
