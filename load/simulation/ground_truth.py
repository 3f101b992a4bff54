"""Compare the parameters of the simulation with the estimates of the analysis.

This comparison is possible only for generated data, because the true values of other data are unknown.
"""

import pandas as pd

from analytics.report import formatting as fmt
from analytics.report.economy import Sale
from analytics.report.player_behaviour import GuildEffect
from analytics.report.statistics import Estimate
from load.simulation import personas


def comparison(
    guild: GuildEffect | None, sale: Sale | None, bots: Estimate | None, late: Estimate | None, twice: Estimate | None
) -> pd.DataFrame:
    """Return one row for each parameter that the analysis could estimate, and leave out the other parameters."""
    rows: list[tuple[str, str, str, str]] = []
    if guild:
        for title, estimate in (("all sessions", guild.naive), ("similar sessions", guild.adjusted)):
            rows.append(
                _ratio(f"factor of a guild for the chance of leaving ({title})", personas.GUILD_CHURN_FACTOR, estimate)
            )
    if sale:
        reduction = f"{1 - sale.price / sale.usual_price:.0%}"
        rows.append(("reduction of the price in the sale", f"{personas.SALE_OFF:.0%}", reduction, "measured directly"))
        crowd = (f"× {personas.SALE_CROWD:.2f}", f"× {sale.crowd:.2f}")
        rows.append(("factor of the sale for the number of players", *crowd, "includes the effect of the weekday"))
    shares = (
        ("share of players who are bots", personas.PERSONAS["bot"].share, bots),
        ("share of events that come late", personas.LATE_RATE, late),
        ("share of events written twice, without view events", personas.DUPLICATE_RATE, twice),
    )
    rows += [_share(title, true, estimate) for title, true, estimate in shares if estimate]
    return pd.DataFrame(rows, columns=["parameter", "true value", "estimate", "verdict"])


def _ratio(title: str, true: float, estimate: Estimate) -> tuple[str, str, str, str]:
    return title, f"× {true:.2f}", fmt.times(estimate), _verdict(true, estimate)


def _share(title: str, true: float, estimate: Estimate) -> tuple[str, str, str, str]:
    return title, fmt.percent(true, 2), fmt.percent(estimate, 2), _verdict(true, estimate)


def _verdict(true: float, estimate: Estimate) -> str:
    if not estimate.excludes(true):
        return "within the interval"
    return "estimated too low" if estimate.value < true else "estimated too high"
