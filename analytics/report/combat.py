"""Analyse fights, the distribution of gold, and players who are probably programs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from analytics.report import formatting as fmt
from analytics.report import theme
from analytics.report.statistics import Estimate, at, difference, gini_estimate, hazard_ratio, require, share

#: Groups of players by the time since their registration.
BANDS = ("first day", "first week", "later")

#: A player counts as a program if at least this share of the player's pauses is regular. A pause is regular if it is
#: within a second of the previous pause. Of random pauses with a mean of ten seconds, a tenth are regular.
REGULAR = 0.25


@dataclass(frozen=True)
class Targets:
    """How often newcomers are attacked on their first day, and whether a defeat drives newcomers away."""

    by_veterans: Estimate  # share of blows against newcomers by players who registered a week ago or earlier
    struck: float  # share of all blows that newcomers receive
    present: float  # share of all sessions that newcomers play
    felled: Estimate  # share who returned, among players who fought in their first session and were defeated
    spared: Estimate  # share who returned, among players who fought in their first session and were not defeated
    difference: Estimate  # felled minus spared
    adjusted: Estimate  # factor by which a defeat changes the chance of never returning, among similarly long sessions


def blows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the number of blows between groups, with attackers in rows and targets in columns."""
    require(float(frame["blows"].sum()) if len(frame) else 0, "blows")
    grid = frame.pivot(index="attacker", columns="target", values="blows")
    return grid.reindex(index=BANDS, columns=BANDS).fillna(0)


def present(frame: pd.DataFrame) -> pd.Series:
    """Return the number of sessions that each group of players played."""
    return frame.groupby("target")["target_sessions"].first().reindex(BANDS).astype(float).fillna(0)


def targets(frame: pd.DataFrame, defeats: pd.DataFrame) -> Targets:
    """Measure attacks on newcomers. Compare defeated newcomers with newcomers who fought without being defeated."""
    grid = blows(frame)
    presence = present(frame)
    on_newcomers = grid["first day"]
    require(float(on_newcomers.sum()), "blows against newcomers")
    fought = defeats[defeats["fought"].astype(bool)]
    sums = fought.assign(felled=fought["felled"].astype(bool)).groupby("felled")[["players", "returned"]].sum()
    require(len(sums), "groups, defeated and not", 2)
    felled, back = at(sums, True, "players"), at(sums, True, "returned")
    spared, spared_back = at(sums, False, "players"), at(sums, False, "returned")
    with_lost = fought.assign(lost=fought["players"] - fought["returned"])
    return Targets(
        share(on_newcomers["later"], on_newcomers.sum()),
        float(on_newcomers.sum() / grid.to_numpy().sum()),
        float(presence["first day"] / presence.sum()),
        share(back, felled),
        share(spared_back, spared),
        difference(back, felled, spared_back, spared),
        hazard_ratio(with_lost, "felled", "lost", "players", ("actions",)),
    )


def plot_fights(frame: pd.DataFrame) -> Figure:
    """Plot the blows between groups of players, and compare each group's blows received with its sessions."""
    grid = blows(frame)
    figure, (left, right) = theme.figure(2)
    sns.heatmap(grid / grid.to_numpy().sum() * 100, annot=True, fmt=".1f", cmap="cividis", cbar=False, ax=left)
    theme.label(left, "Blows by attacker and target (per cent)", "target, since registration", "attacker")
    left.tick_params(axis="y", rotation=0)
    presence = present(frame)
    place, width = np.arange(len(BANDS)), 0.38
    right.bar(
        place - width / 2, grid.sum() / grid.to_numpy().sum(), width, color=theme.ORANGE, label="of blows received"
    )
    right.bar(place + width / 2, presence / presence.sum(), width, color=theme.BLUE, hatch="//", label="of sessions")
    right.set_xticks(place, list(BANDS))
    right.legend()
    theme.as_percent(right)
    theme.label(right, "Blows received and presence", "since registration", "share")
    return figure


def fights_text(targets: Targets) -> str:
    """Describe in sentences how often newcomers are attacked, and whether defeats drive newcomers away."""
    verdict = (
        "this is more than chance"
        if targets.adjusted.excludes(1)
        else "chance alone may explain this: the data does not show that defeats drive newcomers away"
    )
    return (
        f"Newcomers on their first day make up {fmt.percent(targets.present)} of the sessions and receive "
        f"{fmt.percent(targets.struck)} of the blows, {fmt.percent(targets.by_veterans)} of these from players of a "
        "week and more. Of those who fought and were defeated in their first session, "
        f"{fmt.percent(targets.felled)} came back; of those who fought and were not defeated, "
        f"{fmt.percent(targets.spared)}. Among sessions of similar length, the chance of never coming back after a "
        f"defeat is {fmt.times(targets.adjusted)} that of others; {verdict}. Players who fight longer are defeated "
        "more often and are more engaged, so this is not an experiment."
    )


@dataclass(frozen=True)
class Wealth:
    """The distribution of gold among active players."""

    players: int
    gini: Estimate
    median: float
    top_tenth: float  # share of the gold that the richest tenth owns
    poor: Estimate  # share of players who cannot afford the cheapest sword


def gold_per_player(frame: pd.DataFrame) -> np.ndarray:
    """Return the gold of each player in ascending order."""
    require(float(frame["players"].sum()) if len(frame) else 0, "active players")
    ordered = frame.sort_values("gold")
    return np.repeat(ordered["gold"].to_numpy(dtype=float), ordered["players"].to_numpy(dtype=int))


def wealth(frame: pd.DataFrame, cheapest_sword: int) -> Wealth:
    """Measure the distribution of gold."""
    gold = gold_per_player(frame)
    richest = gold[-max(1, len(gold) // 10) :]
    return Wealth(
        len(gold),
        gini_estimate(gold),
        float(np.median(gold)),
        float(richest.sum() / max(1.0, gold.sum())),
        share(int((gold < cheapest_sword).sum()), len(gold)),
    )


def plot_wealth(frame: pd.DataFrame, wealth: Wealth) -> Figure:
    """Plot the Lorenz curve of gold, and the distribution of gold per player."""
    gold = gold_per_player(frame)
    figure, (left, right) = theme.figure(2)
    players = np.linspace(0, 1, len(gold) + 1)
    left.plot(players, np.concatenate([[0.0], gold.cumsum() / max(1.0, gold.sum())]), color=theme.BLUE, label="gold")
    left.plot([0, 1], [0, 1], color=theme.GREY, linestyle="--", label="if all had the same")
    left.legend(loc="upper left")
    theme.label(left, f"Lorenz curve (Gini {wealth.gini.value:.2f})", "players, the poorest first", "of all gold")
    theme.as_percent(left, "x")
    theme.as_percent(left)
    clipped = np.clip(gold, 0, np.percentile(gold, 99))
    sns.histplot(clipped, bins=40, color=theme.BLUE, ax=right)
    right.axvline(wealth.median, color=theme.ORANGE, linestyle="--")
    right.text(wealth.median, right.get_ylim()[1] * 0.95, f" median {wealth.median:,.0f}", color=theme.INK, fontsize=9)
    theme.label(right, "Gold per player", "gold (the richest 1 % in the last bar)", "players")
    return figure


def wealth_text(wealth: Wealth) -> str:
    """Describe the distribution of gold in sentences."""
    return (
        f"Among {fmt.count(wealth.players, 'player')} who were active in the last seven days, Gini's coefficient of "
        f"gold is {fmt.number(wealth.gini, digits=2)}; at 0 all players have the same, at 1 one player has everything. "
        f"The richest tenth has {fmt.percent(wealth.top_tenth, 0)} of the gold, and the median player has "
        f"{wealth.median:,.0f} gold. "
        f"{fmt.percent(wealth.poor)} cannot afford the cheapest sword. Items are not counted, so players who spend "
        "their gold appear poorer than they are."
    )


@dataclass(frozen=True)
class Bots:
    """Players who act like a program, and their share of all activity."""

    players: int
    of_players: Estimate
    actions: float
    strikes: float
    victories: float


def suspects(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the players whose pauses are as regular as those of a program."""
    return frame[frame["regularity"] >= REGULAR]


def bots(frame: pd.DataFrame, players: int, actions: int, fights: pd.DataFrame) -> Bots:
    """Measure the suspects' shares of all players, actions, blows and victories."""
    require(len(frame), "players with long sessions", 5)
    suspected = suspects(frame)
    all_blows = max(1.0, float(fights["blows"].sum()))
    all_victories = max(1.0, float(fights["victories"].sum()))
    return Bots(
        len(suspected),
        share(len(suspected), players),
        float(suspected["actions"].sum() / actions),
        float(suspected["strikes"].sum() / all_blows),
        float(suspected["victories"].sum() / all_victories),
    )


def plot_bots(frame: pd.DataFrame) -> Figure:
    """Plot each player with long sessions by the number of pauses and the share of regular pauses."""
    figure, (axes,) = theme.figure()
    is_bot = frame["regularity"] >= REGULAR
    for mask, title, colour, mark in (
        (~is_bot, "like a person", theme.BLUE, "o"),
        (is_bot, "like a program", theme.ORANGE, "D"),
    ):
        rows = frame[mask]
        axes.scatter(rows["pauses"], rows["regularity"], s=22, color=colour, marker=mark, alpha=0.6, label=title)
    axes.axhline(REGULAR, color=theme.GREY, linestyle="--")
    axes.set_xscale("log")
    axes.set_ylim(0, 1)
    axes.legend()
    theme.as_percent(axes)
    theme.with_thousands(axes, "x")
    theme.label(axes, "Players as regular as a program", "pauses between actions", "pauses as long as the previous one")
    return figure


def bots_text(bots: Bots, frame: pd.DataFrame) -> str:
    """Describe the suspected bots and their activity in sentences."""
    if not bots.players:
        return f"None of {fmt.count(len(frame), 'player')} with long sessions keeps time like a program."
    people = frame[frame["regularity"] < REGULAR]["regularity"]
    gap = f" The most regular of the others reaches {fmt.percent(float(people.max()), 0)}." if len(people) else ""
    return (
        f"{fmt.count(bots.players, 'player')} {'keeps' if bots.players == 1 else 'keep'} time like a program: "
        f"at least {fmt.percent(REGULAR, 0)} of their pauses are as long as the previous one, to a second.{gap} They "
        f"are {fmt.percent(bots.of_players, 2)} of the players, and have {fmt.percent(bots.actions)} of all actions, "
        f"{fmt.percent(bots.strikes)} of all blows and {fmt.percent(bots.victories)} of all victories."
    )
