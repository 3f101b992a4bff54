"""What the generator was told, beside what the analysis found: only generated data can be checked like this."""

import pandas as pd

from analytics.report import formatting as fmt
from analytics.report.economy import Sale
from analytics.report.player_behaviour import GuildEffect
from analytics.report.statistics import Estimate
from load.simulation import personas


def comparison(
    guild: GuildEffect | None, sale: Sale | None, bots: Estimate | None, late: Estimate | None, twice: Estimate | None
) -> pd.DataFrame:
    """A row for each parameter that the analysis could look for; what it could not tell is left out."""
    rows: list[tuple[str, str, str, str]] = []
    if guild:
        for title, found in (("as it is", guild.naive), ("among alike sessions", guild.adjusted)):
            rows.append(
                _ratio(f"a guild multiplies the chance to leave by ({title})", personas.GUILD_CHURN_FACTOR, found)
            )
    if sale:
        price = f"{personas.SALE_OFF:.0%}"
        rows.append(
            ("the sale takes off the price", price, f"{1 - sale.price / sale.usual_price:.0%}", "measured directly")
        )
        crowd = f"× {personas.SALE_CROWD:.2f}"
        rows.append(("the sale multiplies the players by", crowd, f"× {sale.crowd:.2f}", "the weekday is in it, too"))
    shares = (
        ("players who are bots", personas.PERSONAS["bot"].share, bots),
        ("events that come late", personas.LATE_RATE, late),
        ("events, looks left out, that are written twice", personas.DUPLICATE_RATE, twice),
    )
    rows += [_share(title, told, found) for title, told, found in shares if found]
    return pd.DataFrame(rows, columns=["parameter", "told", "found", "verdict"])


def _ratio(title: str, told: float, found: Estimate) -> tuple[str, str, str, str]:
    return title, f"× {told:.2f}", fmt.times(found), _verdict(told, found)


def _share(title: str, told: float, found: Estimate) -> tuple[str, str, str, str]:
    return title, fmt.percent(told, 2), fmt.percent(found, 2), _verdict(told, found)


def _verdict(told: float, found: Estimate) -> str:
    if not found.excludes(told):
        return "within the interval"
    return "found too low" if found.value < told else "found too high"
