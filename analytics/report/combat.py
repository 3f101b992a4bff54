"""Who fights whom, how gold is spread, and who is no person."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from analytics.report import formatting as fmt
from analytics.report import theme
from analytics.report.statistics import Estimate, at, difference, gini_estimate, hazard_ratio, require, share

BANDS = ("first day", "first week", "later")

#: A player whose pauses are so often within a second of the pause before is taken for a program. Of pauses that are
#: drawn at random, ten seconds long on average, a tenth are.
REGULAR = 0.25


@dataclass(frozen=True)
class Targets:
    """Of blows against newcomers on their first day: the share by players of a week and more; how often newcomers are
    struck against their part of all sessions; and the return of those felled in their first session against others."""

    by_veterans: Estimate
    struck: float
    present: float
    felled: Estimate
    spared: Estimate
    difference: Estimate
    adjusted: Estimate


def blows(frame: pd.DataFrame) -> pd.DataFrame:
    """Attackers in rows, targets in columns."""
    require(float(frame["blows"].sum()) if len(frame) else 0, "blows")
    grid = frame.pivot(index="attacker", columns="target", values="blows")
    return grid.reindex(index=BANDS, columns=BANDS).fillna(0)


def present(frame: pd.DataFrame) -> pd.Series:
    """How many sessions there are of each band."""
    return frame.groupby("target")["target_sessions"].first().reindex(BANDS).astype(float).fillna(0)


def targets(frame: pd.DataFrame, defeats: pd.DataFrame) -> Targets:
    """What newcomers meet in the arena. Who was felled is compared with who fought, too, and was not."""
    grid = blows(frame)
    presence = present(frame)
    on_newcomers = grid["first day"]
    require(float(on_newcomers.sum()), "blows against newcomers")
    fought = defeats[defeats["fought"].astype(bool)]
    sums = fought.assign(felled=fought["felled"].astype(bool)).groupby("felled")[["players", "returned"]].sum()
    require(len(sums), "groups, felled and not", 2)
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
    """Blows by how long both have been here, and who is struck against who is there."""
    grid = blows(frame)
    figure, (left, right) = theme.figure(2)
    sns.heatmap(grid / grid.to_numpy().sum() * 100, annot=True, fmt=".1f", cmap="cividis", cbar=False, ax=left)
    theme.label(left, "Who strikes whom (per cent of blows)", "who is struck, since registration", "who strikes")
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
    theme.label(right, "Who is struck, and who is there", "since registration", "share")
    return figure


def fights_text(found: Targets) -> str:
    """What newcomers meet, and whether it drives them away."""
    verdict = (
        "that is more than chance"
        if found.adjusted.excludes(1)
        else "which chance alone may explain: this data does not show that defeats drive newcomers away"
    )
    return (
        f"Newcomers on their first day are {fmt.percent(found.present)} of the sessions and receive "
        f"{fmt.percent(found.struck)} of the blows, {fmt.percent(found.by_veterans)} of these from players of a "
        "week "
        f"and more. Of those who fought and were felled in their first session {fmt.percent(found.felled)} came "
        "back, "
        f"of those who fought and stood {fmt.percent(found.spared)}. Among sessions of like length, a defeat goes "
        f"along with {fmt.times(found.adjusted)} the chance never to come back; {verdict}. Who fights longer is "
        "felled "
        "more often and is keener, so this is no experiment."
    )


@dataclass(frozen=True)
class Wealth:
    """How gold is spread among active players."""

    players: int
    gini: Estimate
    median: float
    top_tenth: float  # the share of the gold that the richest tenth has
    poor: Estimate  # the share of players who cannot pay for the cheapest sword


def gold_per_player(frame: pd.DataFrame) -> np.ndarray:
    """The gold of each player, the poorest first."""
    require(float(frame["players"].sum()) if len(frame) else 0, "active players")
    ordered = frame.sort_values("gold")
    return np.repeat(ordered["gold"].to_numpy(dtype=float), ordered["players"].to_numpy(dtype=int))


def wealth(frame: pd.DataFrame, cheapest_sword: int) -> Wealth:
    """Describe the purses."""
    gold = gold_per_player(frame)
    richest = gold[-max(1, len(gold) // 10) :]
    return Wealth(
        len(gold),
        gini_estimate(gold),
        float(np.median(gold)),
        float(richest.sum() / max(1.0, gold.sum())),
        share(int((gold < cheapest_sword).sum()), len(gold)),
    )


def plot_wealth(frame: pd.DataFrame, found: Wealth) -> Figure:
    """The Lorenz curve, and how many have how much."""
    gold = gold_per_player(frame)
    figure, (left, right) = theme.figure(2)
    people = np.linspace(0, 1, len(gold) + 1)
    left.plot(people, np.concatenate([[0.0], gold.cumsum() / max(1.0, gold.sum())]), color=theme.BLUE, label="gold")
    left.plot([0, 1], [0, 1], color=theme.GREY, linestyle="--", label="if all had the same")
    left.legend(loc="upper left")
    theme.label(left, f"Lorenz curve (Gini {found.gini.value:.2f})", "players, the poorest first", "of all gold")
    theme.as_percent(left, "x")
    theme.as_percent(left)
    shown = np.clip(gold, 0, np.percentile(gold, 99))
    sns.histplot(shown, bins=40, color=theme.BLUE, ax=right)
    right.axvline(found.median, color=theme.ORANGE, linestyle="--")
    right.text(found.median, right.get_ylim()[1] * 0.95, f" median {found.median:,.0f}", color=theme.INK, fontsize=9)
    theme.label(right, "Gold of a player", "gold (the richest 1 % at the edge)", "players")
    return figure


def wealth_text(found: Wealth) -> str:
    """How gold is spread, in sentences."""
    return (
        f"Among {fmt.count(found.players, 'player')} who were there in the last seven days Gini's coefficient of "
        "gold is "
        f"{fmt.number(found.gini, digits=2)}; 0 would be all alike, 1 all gold in one hand. The richest tenth has "
        f"{fmt.percent(found.top_tenth, 0)} of the gold, the median player {found.median:,.0f} gold. "
        f"{fmt.percent(found.poor)} cannot pay for the cheapest sword. Items are not counted: who spends is poorer "
        "here "
        "and better armed."
    )


@dataclass(frozen=True)
class Bots:
    """Players who act like a program, and what part of everything is theirs."""

    players: int
    of_players: Estimate
    actions: float
    strikes: float
    victories: float


def suspects(frame: pd.DataFrame) -> pd.DataFrame:
    """Those who keep time like a program."""
    return frame[frame["regularity"] >= REGULAR]


def bots(frame: pd.DataFrame, players: int, actions: int, fights: pd.DataFrame) -> Bots:
    """How much of the world is theirs."""
    require(len(frame), "players with long sessions", 5)
    found = suspects(frame)
    blows_in_all = max(1.0, float(fights["blows"].sum()))
    victories_in_all = max(1.0, float(fights["victories"].sum()))
    return Bots(
        len(found),
        share(len(found), players),
        float(found["actions"].sum() / actions),
        float(found["strikes"].sum() / blows_in_all),
        float(found["victories"].sum() / victories_in_all),
    )


def plot_bots(frame: pd.DataFrame) -> Figure:
    """Each player with long sessions: how many pauses, and how many of them are as long as the one before."""
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
    theme.label(axes, "Who keeps time like a program", "pauses between actions", "pauses as long as the one before")
    return figure


def bots_text(found: Bots, frame: pd.DataFrame) -> str:
    """Who they are and what they do, in sentences."""
    if not found.players:
        return f"Of {fmt.count(len(frame), 'player')} with long sessions none keeps time like a program."
    people = frame[frame["regularity"] < REGULAR]["regularity"]
    gap = f" The most regular person reaches {fmt.percent(float(people.max()), 0)}." if len(people) else ""
    return (
        f"{fmt.count(found.players, 'player')} {'keeps' if found.players == 1 else 'keep'} time like a program: "
        f"at least {fmt.percent(REGULAR, 0)} of their pauses are as long as the one before, to a second.{gap} They "
        "are "
        f"{fmt.percent(found.of_players, 2)} of the players, and theirs are {fmt.percent(found.actions)} of "
        f"all actions, {fmt.percent(found.strikes)} of all blows and "
        f"{fmt.percent(found.victories)} of all victories."
    )
