"""Analyse newcomers, retention, guilds, and the hours at which players come."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from analytics.report import formatting as fmt
from analytics.report import theme
from analytics.report.statistics import (
    Estimate,
    at,
    difference,
    hazard_ratio,
    mean_of,
    players_needed,
    require,
    share,
    shares,
    whiskers,
)

#: Columns of the funnel in the order of the steps, and the name of each step in text and plots.
STEPS = {
    "looked": "viewed the shop",
    "bought": "bought something",
    "fought": "struck a player",
    "joined": "joined a guild",
}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Properties of a session that are held equal when guild members are compared with other players.
CONTROLS = ("session", "actions", "pace")


def funnel(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per step: how many newcomers took the step, and how many took it and all steps before it."""
    total = float(frame["players"].sum())
    require(total, "newcomers")
    rows, remaining = [("registered", total, total)], pd.Series(True, index=frame.index)
    for column, title in STEPS.items():
        did = frame[column].astype(bool)
        remaining = remaining & did
        rows.append((title, float(frame.loc[did, "players"].sum()), float(frame.loc[remaining, "players"].sum())))
    return pd.DataFrame(rows, columns=["step", "did", "all_before"])


def plot_funnel(steps: pd.DataFrame) -> Figure:
    """Plot one bar per step. The paler part of a bar shows the newcomers who skipped an earlier step."""
    total = steps["did"].iloc[0]
    figure, (axes,) = theme.figure(height=3.4)
    axes.barh(steps["step"], steps["did"] / total, color=theme.COLOURS[9], label="did this")
    bars = axes.barh(steps["step"], steps["all_before"] / total, color=theme.BLUE, label="did this and all before it")
    axes.bar_label(bars, [fmt.percent(n / total, 0) for n in steps["all_before"]], label_type="center", color="white")
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.legend(loc="lower right")
    theme.as_percent(axes, "x")
    theme.label(axes, "What newcomers do in their first 24 hours", "share of newcomers", "")
    return figure


def funnel_text(steps: pd.DataFrame) -> str:
    """Describe in sentences at which step newcomers stop."""
    kept = steps["all_before"] / steps["all_before"].shift()
    lost = (steps["all_before"].shift() - steps["all_before"]) / steps["did"].iloc[0]
    worst = int(np.argmax(lost.iloc[1:])) + 1
    before, step = steps["step"].iloc[worst - 1], steps["step"].iloc[worst]
    return (
        f"Of {fmt.count(steps['did'].iloc[0], 'newcomer')} with a full first day in the data, most are lost between "
        f"*{before}* and *{step}*: {fmt.percent(lost.iloc[worst])} of all. Of those who got that far, "
        f"{fmt.percent(share(at(steps, worst, 'all_before'), at(steps, worst - 1, 'all_before')))} continued. "
        f"The step with the fewest losses is *{steps['step'].iloc[int(np.argmax(kept.iloc[1:])) + 1]}*."
    )


def leaving(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per session number: how many sessions have this number, and how many of these were final.

    A session is final if the player never came back after it.
    """
    require(float(frame["sessions"].sum()) if len(frame) else 0, "sessions that ended a week ago or more")
    rows = frame.groupby("session", as_index=False)[["sessions", "final"]].sum()
    return rows[rows["sessions"] >= 5].reset_index(drop=True)


def plot_leaving(rows: pd.DataFrame, last: pd.DataFrame) -> Figure:
    """Plot the chance of never coming back after each session, and the last actions of players who came once."""
    figure, (left, right) = theme.figure(2, height=4.1)
    estimates = shares(rows["final"], rows["sessions"])
    values = np.array([e.value for e in estimates])
    left.errorbar(
        rows["session"], values, yerr=whiskers(estimates), fmt="o-", color=theme.BLUE, capsize=3, markersize=5
    )
    left.set_ylim(bottom=0)
    left.set_xticks([1, 2, 3, 4, 6, 8, 10, 12], ["1", "2", "3", "4", "6", "8", "10", "12+"])
    theme.label(left, "Never came back after this session", "session of a player", "share of these sessions")
    theme.as_percent(left)
    top = last.head(8)
    names = [fmt.name(str(code)) for code in top["event_type"]]
    right.barh(names, top["players"] / last["players"].sum(), color=theme.ORANGE)
    right.invert_yaxis()
    theme.label(right, "Last action of players who came once", "share of these players", "")
    theme.as_percent(right, "x")
    return figure


def first_loss(rows: pd.DataFrame) -> Estimate:
    """Estimate the share of newcomers who never come back after their first session."""
    first = rows[rows["session"] == 1]
    require(float(first["sessions"].sum()), "first sessions")
    return share(float(first["final"].sum()), float(first["sessions"].sum()))


def later_loss(rows: pd.DataFrame) -> Estimate:
    """Estimate the share of sessions after which the player never came back, from each player's fifth session on."""
    later = rows[rows["session"] >= 5]
    require(float(later["sessions"].sum()), "later sessions")
    return share(float(later["final"].sum()), float(later["sessions"].sum()))


def leaving_text(rows: pd.DataFrame, last: pd.DataFrame) -> str:
    """Return sentences that tell which session is a player's last one, and how often."""
    second = rows[rows["session"] == 2]
    text = f"After the first session {fmt.percent(first_loss(rows))} of the newcomers never come back"
    if len(second):
        text += f", after the second {fmt.percent(second['final'].iloc[0] / second['sessions'].iloc[0])}"
    text += f", and from the fifth on {fmt.percent(later_loss(rows))} after each."
    if len(last):
        last_action = fmt.name(str(last["event_type"].iloc[0]))
        text += (
            f" The most common last action of players who came once is *{last_action}*, for "
            f"{fmt.percent(last['players'].iloc[0] / last['players'].sum(), 0)} of them."
        )
    return text + " Only sessions that ended at least seven days before the newest one are counted."


def retention(frame: pd.DataFrame, last_day: pd.Timestamp) -> pd.DataFrame:
    """Add the ``size`` of each cohort, and drop the rows for days that have not ended."""
    sizes = frame[frame["age"] == 0].set_index("cohort")["players"]
    known = frame[frame["cohort"] + pd.to_timedelta(frame["age"], unit="D") < last_day.normalize()].copy()
    known["size"] = known["cohort"].map(sizes)
    return known.dropna(subset=["size"])


def by_age(known: pd.DataFrame) -> pd.DataFrame:
    """Return one row per age in days: how many players were active, and how many have reached this age.

    A cohort counts even if none of its players was active on the day.
    """
    sizes = known.groupby("cohort")["size"].first()
    oldest = known.groupby("cohort")["age"].max()
    ends = (known["cohort"] + pd.to_timedelta(known["age"], unit="D")).max()
    rows = []
    for age in range(int(oldest.max()) + 1 if len(oldest) else 0):
        old_enough = sizes[pd.Series(sizes.index, sizes.index) + pd.Timedelta(days=age) <= ends]
        there = known.loc[known["age"] == age, "players"].sum()
        if old_enough.sum() >= 20:
            rows.append((age, float(there), float(old_enough.sum())))
    return pd.DataFrame(rows, columns=["age", "there", "of"])


def plot_retention(known: pd.DataFrame) -> Figure:
    """Plot the retention of all cohorts together with its interval, and the retention by week of registration."""
    ages = by_age(known)
    require(len(ages), "days of age", 3)
    figure, (left, right) = theme.figure(2, height=4.0)
    estimates = shares(ages["there"], ages["of"])
    left.plot(ages["age"], [e.value for e in estimates], color=theme.BLUE, marker="o", markersize=3)
    low, high = [e.low for e in estimates], [e.high for e in estimates]
    left.fill_between(ages["age"], low, high, color=theme.BLUE, alpha=0.25)
    left.set_ylim(0, 1)
    theme.as_percent(left)
    theme.label(left, "All newcomers", "days since registration", "active on that day")
    weeks = cohort_weeks(known)
    require(len(weeks), "weeks of registration with enough newcomers", 1)
    sns.heatmap(
        weeks * 100,
        annot=True, fmt=".0f", cmap="cividis", vmin=0, vmax=60, cbar=False, ax=right, annot_kws={"size": 8},
    )  # fmt: skip
    theme.label(right, "By week of registration (per cent)", "days since registration", "registered from")
    right.tick_params(axis="y", rotation=0)
    return figure


def cohort_weeks(known: pd.DataFrame) -> pd.DataFrame:
    """Return the share of active players, with weeks of registration in rows and selected ages in columns."""
    weeks = known.assign(week=known["cohort"].dt.to_period("W").dt.start_time)
    cells = {}
    for age in (1, 2, 3, 5, 7, 10, 14, 21, 28):
        rows = weeks[weeks["age"] == age].groupby("week")[["players", "size"]].sum()
        cells[age] = (rows["players"] / rows["size"]).where(rows["size"] >= 20)
    frame = pd.DataFrame(cells).dropna(how="all").dropna(how="all", axis=1)
    frame.index = pd.Index([f"{week:%d %b}" for week in frame.index])
    return frame


def retention_text(known: pd.DataFrame) -> str:
    """Describe retention in sentences."""
    ages = by_age(known).set_index("age")
    parts = [
        f"{fmt.percent(share(at(ages, age, 'there'), at(ages, age, 'of')))} on day {age}"
        for age in (1, 7, 14, 28)
        if age in ages.index
    ]
    require(len(parts), "days of age", 1)
    return (
        f"Of the players who register, {fmt.listed(parts)} are active. The intervals are those of a share of players."
    )


@dataclass(frozen=True)
class GuildEffect:
    """The chance of leaving permanently after a session, for guild members and for other players."""

    members: Estimate
    others: Estimate
    difference: Estimate
    naive: Estimate  # ratio of the two chances
    adjusted: Estimate  # the same ratio among sessions of similar number, length and pace
    needed: int  # players in each half of an experiment that invites one of the halves to guilds


def guild_effect(frame: pd.DataFrame) -> GuildEffect:
    """Compare guild members with other players.

    The first session of each player is left out, because no player is in a guild before it.
    """
    later = frame[frame["session"] > 1]
    require(float(later["sessions"].sum()) if len(later) else 0, "later sessions", 200)
    sums = later.assign(in_guild=later["in_guild"].astype(bool)).groupby("in_guild")[["sessions", "final"]].sum()
    require(len(sums), "groups, in a guild and not", 2)
    left, members = at(sums, True, "final"), at(sums, True, "sessions")
    others_left, others = at(sums, False, "final"), at(sums, False, "sessions")
    require(left, "members who left", 10)
    lost = others_left / others
    adjusted = hazard_ratio(later, "in_guild", "final", "sessions", CONTROLS)
    # Assume that half of the invited players join. Then an invitation has half the effect of a membership.
    expected = lost * (1 - (1 - min(adjusted.value, 0.95)) / 2)
    return GuildEffect(
        share(left, members),
        share(others_left, others),
        difference(left, members, others_left, others),
        hazard_ratio(later, "in_guild", "final", "sessions"),
        adjusted,
        players_needed(lost, expected) if 0 < expected < lost < 1 else 0,
    )


def plot_guilds(frame: pd.DataFrame, effect: GuildEffect) -> Figure:
    """Plot the chance of leaving by session number, and the ratios between guild members and other players.

    The ratios, for all sessions and for similar sessions, are shown with their intervals.
    """
    figure, (left, right) = theme.figure(2)
    for member, title, colour, mark in (
        (True, "in a guild", theme.BLUE, "o"),
        (False, "not in a guild", theme.ORANGE, "s"),
    ):
        rows = frame[(frame["in_guild"].astype(bool) == member) & (frame["session"] > 1)]
        sums = rows.groupby("session")[["final", "sessions"]].sum()
        sums = sums[sums["sessions"] >= 20]
        if sums.empty:
            continue
        points = shares(sums["final"], sums["sessions"])
        values = np.array([e.value for e in points])
        spread = whiskers(points)
        place = sums.index.to_numpy() + (0.12 if member else -0.12)
        left.errorbar(place, values, yerr=spread, fmt=f"{mark}-", color=colour, capsize=2, markersize=4, label=title)
    left.set_ylim(bottom=0)
    left.legend()
    theme.as_percent(left)
    theme.label(
        left, "Never came back after this session", "session of a player (12 and later: 12)", "share of these sessions"
    )
    ratios = {"all sessions": effect.naive, "similar\nsessions": effect.adjusted}
    for row, estimate in enumerate(ratios.values()):
        right.errorbar([estimate.value], [row], xerr=whiskers([estimate]), fmt="o", color=theme.BLUE, capsize=4)
    right.axvline(1, color=theme.GREY, linestyle="--")
    right.set_yticks(range(len(ratios)), list(ratios))
    right.set_ylim(-0.6, 1.6)
    right.invert_yaxis()
    theme.label(right, "Members' chance of leaving", "ratio to others (1: no difference)", "")
    return figure


def guild_text(effect: GuildEffect) -> str:
    """Describe in sentences how members differ from others, and that the difference does not prove a cause."""
    return (
        f"After {fmt.percent(effect.members)} of their sessions members never come back, others after "
        f"{fmt.percent(effect.others)}: {fmt.points(effect.difference)}. The ratio of the two chances is "
        f"{fmt.times(effect.naive)}; among sessions of similar number, length and pace it is "
        f"{fmt.times(effect.adjusted)}.\n\n"
        "**This is not yet an effect.** Players who join a guild are more engaged from the start, and the data shows "
        "engagement only in part. An experiment that invites players at random would show what a guild *causes*."
    )


def paired_text(frame: pd.DataFrame) -> str:
    """Compare sessions outside and inside a guild that the same players played.

    Using the same players removes the differences between players.
    """
    row = frame.iloc[0]
    players = int(row["players"])
    require(players, "players who were seen outside and inside a guild")
    parts = []
    for column, unit in (("actions", "actions"), ("strikes", "blows"), ("spent", "gold spent")):
        estimate = mean_of(float(row[column]), float(row[f"{column}_sd"]), players)
        verdict = "" if estimate.excludes(0) else ", which may be chance"
        parts.append(f"{estimate.value:+.2f} {unit} ({estimate.low:+.2f} to {estimate.high:+.2f}){verdict}")
    return (
        f"{fmt.count(players)} players were seen both outside and inside a guild. In a guild, a session of the same "
        f"player has {fmt.listed(parts)}. Time passes between the two, so this does not prove a cause either."
    )


def plot_rhythm(frame: pd.DataFrame) -> Figure:
    """Plot session starts by weekday and hour.

    Each cell is an average per day, because the data may contain five Mondays but only four Tuesdays.
    """
    require(float(frame["sessions"].sum()) if len(frame) else 0, "sessions", 168)
    average = frame.assign(average=frame["sessions"] / frame["days"])
    grid = average.pivot(index="weekday", columns="hour", values="average").reindex(
        index=range(1, 8), columns=range(24), fill_value=0
    )
    figure, (axes,) = theme.figure(height=2.9)
    grid.index = pd.Index(WEEKDAYS)
    sns.heatmap(grid.fillna(0), cmap="cividis", ax=axes, cbar_kws={"label": "sessions per hour"})
    theme.label(axes, "When sessions start", "hour of the day (UTC)", "")
    axes.tick_params(axis="y", rotation=0)
    return figure


def quiet_hours(frame: pd.DataFrame) -> tuple[int, Estimate]:
    """Find the two consecutive hours (UTC) with the fewest session starts.

    Returns the first of these two hours, and the share of all session starts that fall into them.
    """
    by_hour = frame.groupby("hour")["sessions"].sum().reindex(range(24), fill_value=0)
    require(float(by_hour.sum()), "sessions", 168)
    pairs = by_hour + by_hour.reindex([*range(1, 24), 0]).to_numpy()
    hour = int(np.argmin(pairs))
    return hour, share(float(pairs.loc[hour]), float(by_hour.sum()))
