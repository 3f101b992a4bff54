"""Compare the parameters of the simulation with what an analysis found, which only simulated data allows."""

import pandas as pd

from analytics.report import formatting as fmt
from analytics.report.economy import Sale
from analytics.report.player_behaviour import GuildEffect
from analytics.report.statistics import Estimate
from load.simulation import personas


def comparison(
    guild: GuildEffect | None, sale: Sale | None, bots: Estimate | None, late: Estimate | None, twice: Estimate | None
) -> pd.DataFrame:
    """Return a row for each parameter that the analysis can estimate; an estimate of None gives no row."""
    rows: list[tuple[str, str, str, str]] = []
    if guild:
        for title, found in (("unadjusted", guild.naive), ("among similar sessions", guild.adjusted)):
            rows.append(_ratio(f"factor of a guild on churn ({title})", personas.GUILD_CHURN_FACTOR, found))
    if sale:
        price = f"{personas.SALE_OFF:.0%}"
        rows.append(("discount of the sale", price, f"{1 - sale.price / sale.usual_price:.0%}", "measured directly"))
        crowd = f"× {personas.SALE_CROWD:.2f}"
        rows.append(("factor of the sale on active players", crowd, f"× {sale.crowd:.2f}", "includes the weekday"))
    shares = (
        ("share of bots", personas.PERSONAS["bot"].share, bots),
        ("share of late events", personas.LATE_RATE, late),
        ("share of events that are written twice, view events left out", personas.DUPLICATE_RATE, twice),
    )
    rows += [_share(title, simulated, found) for title, simulated, found in shares if found]
    return pd.DataFrame(rows, columns=["parameter", "simulated", "found", "verdict"])


def _ratio(title: str, simulated: float, found: Estimate) -> tuple[str, str, str, str]:
    return title, f"× {simulated:.2f}", fmt.times(found), _verdict(simulated, found)


def _share(title: str, simulated: float, found: Estimate) -> tuple[str, str, str, str]:
    return title, fmt.percent(simulated, 2), fmt.percent(found, 2), _verdict(simulated, found)


def _verdict(simulated: float, found: Estimate) -> str:
    if not found.excludes(simulated):
        return "within the interval"
    return "found too low" if found.value < simulated else "found too high"
