"""Estimates with intervals, from scipy and statsmodels. Pure.

Every interval covers 95 %. Who asks for more than the data can tell gets :class:`InsufficientData`.
"""

import math
import warnings
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportion_effectsize

CONFIDENCE_LEVEL: Final = 0.95
POWER: Final = 0.8  # how often an experiment of the computed size finds an effect that is there
RESAMPLES: Final = 500  # the ends of an interval then wander by less than what a plot shows
MAX_STANDARD_ERROR: Final = 5.0  # an error of so much in a logarithm is a factor of 150: then the fit has found nothing
MIN_OBSERVATIONS: Final = 20  # of what is compared; below that no interval is worth reading


class InsufficientData(Exception):
    """The data cannot answer the question. The message says what is missing."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval in which it lies."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Estimate":
        """All three times ``factor``, which is positive."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)

    def excludes(self, value: float) -> bool:
        """Whether the interval leaves ``value`` out."""
        return not self.low <= value <= self.high


def require(number: float, what: str, least: int = MIN_OBSERVATIONS) -> None:
    """Raises TooLittle if there are fewer than ``least``."""
    if not number >= least:  # so that nan is too little, too
        raise InsufficientData(f"{0 if math.isnan(number) else number:,.0f} {what}, and {least:,} are needed")


def share(part: float, whole: float) -> Estimate:
    """How large a part is, with Wilson's interval, which stays within 0 and 1."""
    require(whole, "observations", 1)
    low, high = proportion_confint(part, whole, alpha=1 - CONFIDENCE_LEVEL, method="wilson")
    return Estimate(part / whole, float(low), float(high))


def shares(parts: pd.Series, wholes: pd.Series) -> list[Estimate]:
    """The share of each row."""
    return [share(part, whole) for part, whole in zip(parts.astype(float), wholes.astype(float), strict=True)]


def whiskers(estimates: Sequence[Estimate]) -> np.ndarray:
    """How far each interval reaches below and above, as matplotlib draws it."""
    return np.array([[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]]).clip(min=0)


def at(frame: pd.DataFrame, row: Hashable, column: str) -> float:
    """One cell as a number."""
    # Not by loc, which takes [True] for a mask.
    found: Any = frame[column].to_dict()[row]
    return float(found)


def difference(part: float, whole: float, other_part: float, other_whole: float) -> Estimate:
    """The first share minus the second one, with Newcombe's interval."""
    require(min(whole, other_whole), "observations in the smaller group")
    low, high = confint_proportions_2indep(
        part, whole, other_part, other_whole, method="newcomb", compare="diff", alpha=1 - CONFIDENCE_LEVEL
    )
    return Estimate(part / whole - other_part / other_whole, float(low), float(high))


def mean(values: Sequence[float] | pd.Series) -> Estimate:
    """The mean of independent values, by Student's t."""
    numbers = np.asarray(values, dtype=float)
    require(len(numbers), "values", 3)
    return mean_of(float(numbers.mean()), float(numbers.std(ddof=1)), len(numbers))


def mean_of(average: float, deviation: float, number: int) -> Estimate:
    """The same, of what the database has averaged."""
    require(number, "values", 3)
    low, high = stats.t.interval(CONFIDENCE_LEVEL, number - 1, average, max(deviation / math.sqrt(number), 1e-12))
    return Estimate(average, float(low), float(high))


def trend(values: Sequence[float] | pd.Series, lags: int = 3) -> Estimate:
    """What each step adds, by least squares. Neighbouring days are alike, so the interval is Newey and West's."""
    numbers = np.asarray(values, dtype=float)
    require(len(numbers), "days", 7)
    steps = sm.add_constant(np.arange(len(numbers), dtype=float))
    fitted = sm.OLS(numbers, steps).fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    low, high = fitted.conf_int(1 - CONFIDENCE_LEVEL)[1]
    return Estimate(float(fitted.params[1]), float(low), float(high))


def hazard_ratio(frame: pd.DataFrame, exposed: str, happened: str, of: str, controls: Sequence[str] = ()) -> Estimate:
    """By how much being exposed multiplies the chance that it happens in a period, among those who are alike in the
    controls: a regression with a complementary log-log link, which is the one of proportional hazards in periods."""
    by_exposure = frame.groupby(exposed)[[happened, of]].sum()
    require(len(by_exposure), "groups to compare", 2)
    require(by_exposure[happened].min(), "cases in the smaller group", 10)
    columns = pd.get_dummies(frame[list(controls)].astype(str), drop_first=True, dtype=float) if controls else None
    known = frame[[exposed]].astype(float) if columns is None else frame[[exposed]].astype(float).join(columns)
    outcome = np.column_stack([frame[happened], frame[of] - frame[happened]]).astype(float)
    family = sm.families.Binomial(link=sm.families.links.CLogLog())
    return _factor(sm.GLM(outcome, sm.add_constant(known).to_numpy(dtype=float), family=family))


def rate_ratio(counts: pd.Series, exposed: pd.Series, exposure: pd.Series) -> Estimate:
    """By how much being exposed multiplies a rate: a Poisson regression whose spread is that of the data."""
    require(int(exposed.sum()), "exposed periods", 2)
    require(float(counts[exposed].sum()), "events in the exposed periods", 10)
    known = sm.add_constant(exposed.astype(float).to_numpy())
    model = sm.GLM(
        counts.astype(float).to_numpy(), known, family=sm.families.Poisson(), offset=np.log(exposure.astype(float))
    )
    return _factor(model, scale="X2")


def _factor(model: Any, **options: Any) -> Estimate:
    """What the first variable after the constant multiplies by, in a fitted model of logarithms."""
    with warnings.catch_warnings():
        # As many parameters as groups fit perfectly, and are no mistake: the interval says how far to trust them.
        warnings.simplefilter("ignore")
        fitted = model.fit(**options)
    if not fitted.converged or not 0 < fitted.bse[1] < MAX_STANDARD_ERROR:
        raise InsufficientData("the groups are so different that no ratio can be told")
    low, high = fitted.conf_int(1 - CONFIDENCE_LEVEL)[1]
    return Estimate(math.exp(fitted.params[1]), math.exp(low), math.exp(high))


def gini(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """0 if all have the same, near 1 if one has all. Neither scipy nor statsmodels has it."""
    ordered = np.sort(values, axis=axis)
    number = ordered.shape[axis]
    ranks = 2 * np.arange(1, number + 1) - number - 1
    total = ordered.sum(axis=axis)
    result: np.ndarray = (ordered * ranks).sum(axis=axis) / np.where(total == 0, 1, total * number)
    return result


def gini_estimate(values: Sequence[int] | np.ndarray, seed: int = 1) -> Estimate:
    """Gini's coefficient, with a bootstrapped interval; of very many values a sample is resampled."""
    numbers = np.asarray(values, dtype=float)
    require(len(numbers), "players")
    drawn = np.random.default_rng(seed)
    some = numbers if len(numbers) <= 20_000 else drawn.choice(numbers, 20_000, replace=False)
    found = stats.bootstrap(
        (some,),
        gini,
        confidence_level=CONFIDENCE_LEVEL,
        n_resamples=RESAMPLES,
        batch=25,
        method="percentile",
        rng=drawn,
    )
    return Estimate(float(gini(numbers)), float(found.confidence_interval.low), float(found.confidence_interval.high))


def players_needed(share_now: float, share_then: float) -> int:
    """How many players each half of an experiment needs to find a change between these shares."""
    effect = proportion_effectsize(share_now, share_then)
    found: float = NormalIndPower().solve_power(effect_size=abs(effect), alpha=1 - CONFIDENCE_LEVEL, power=POWER)
    return math.ceil(found)
