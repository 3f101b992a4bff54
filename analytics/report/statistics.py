"""Compute estimates with confidence intervals, using scipy and statsmodels. All functions are pure.

Every interval has a confidence level of 95 %. A function raises :class:`InsufficientData` if it needs more data.
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

CONFIDENCE_LEVEL: Final = 0.95  # the usual level, which readers expect
POWER: Final = 0.8  # probability that an experiment of the computed size finds an existing effect; 0.8 is usual
RESAMPLES: Final = 500  # with this number, the ends of an interval vary by less than a plot can show
# Largest standard error of the logarithm of a ratio. An error of 5 is a factor of 150 for the ratio itself, which means
# that the fit has found nothing.
MAX_STANDARD_ERROR: Final = 5.0
MAX_SAMPLE: Final = 20_000  # number of values to resample; more values need memory and hardly narrow the interval
MIN_OBSERVATIONS: Final = 20  # smallest size of a compared group; with fewer, intervals are too wide to be useful


class InsufficientData(Exception):
    """The data does not suffice to answer the question. The message says what is missing."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its confidence interval."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Estimate":
        """Return all three values multiplied by ``factor``, which must be positive."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)

    def excludes(self, value: float) -> bool:
        """Return whether ``value`` is outside the interval."""
        return not self.low <= value <= self.high


def require(number: float, what: str, minimum: int = MIN_OBSERVATIONS) -> None:
    """Raise InsufficientData if ``number`` is less than ``minimum``."""
    if not number >= minimum:  # written this way because NaN is also insufficient
        raise InsufficientData(f"{0 if math.isnan(number) else number:,.0f} {what}, but {minimum:,} are needed")


def share(part: float, whole: float) -> Estimate:
    """Estimate the ratio of a part to the whole, with Wilson's interval, which stays between 0 and 1."""
    require(whole, "observations", 1)
    low, high = proportion_confint(part, whole, alpha=1 - CONFIDENCE_LEVEL, method="wilson")
    return Estimate(part / whole, float(low), float(high))


def shares(parts: pd.Series, wholes: pd.Series) -> list[Estimate]:
    """Estimate the ratio of the part to the whole for each row."""
    return [share(part, whole) for part, whole in zip(parts.astype(float), wholes.astype(float), strict=True)]


def whiskers(estimates: Sequence[Estimate]) -> np.ndarray:
    """Return the distances from each value to both ends of its interval, in the 2 x n shape that matplotlib needs."""
    return np.array([[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]]).clip(min=0)


def at(frame: pd.DataFrame, row: Hashable, column: str) -> float:
    """Return one cell as a number."""
    # `loc` does not work here, because it reads [True] as a mask.
    value: Any = frame[column].to_dict()[row]
    return float(value)


def difference(part: float, whole: float, other_part: float, other_whole: float) -> Estimate:
    """Estimate the first share minus the second share, with Newcombe's interval."""
    require(min(whole, other_whole), "observations in the smaller group")
    low, high = confint_proportions_2indep(
        part, whole, other_part, other_whole, method="newcomb", compare="diff", alpha=1 - CONFIDENCE_LEVEL
    )
    return Estimate(part / whole - other_part / other_whole, float(low), float(high))


def mean(values: Sequence[float] | pd.Series) -> Estimate:
    """Estimate the mean of independent values, with an interval by Student's t distribution."""
    numbers = np.asarray(values, dtype=float)
    require(len(numbers), "values", 3)
    return mean_of(float(numbers.mean()), float(numbers.std(ddof=1)), len(numbers))


def mean_of(average: float, deviation: float, count: int) -> Estimate:
    """Estimate a mean from the average, standard deviation and count that the database computed."""
    require(count, "values", 3)
    low, high = stats.t.interval(CONFIDENCE_LEVEL, count - 1, average, max(deviation / math.sqrt(count), 1e-12))
    return Estimate(average, float(low), float(high))


def trend(values: Sequence[float] | pd.Series, lags: int = 3) -> Estimate:
    """Estimate the change from one value to the next, by least squares.

    The interval uses the standard error by Newey and West, because neighbouring days are correlated.
    """
    numbers = np.asarray(values, dtype=float)
    require(len(numbers), "days", 7)
    steps = sm.add_constant(np.arange(len(numbers), dtype=float))
    fitted = sm.OLS(numbers, steps).fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    low, high = fitted.conf_int(1 - CONFIDENCE_LEVEL)[1]
    return Estimate(float(fitted.params[1]), float(low), float(high))


def hazard_ratio(frame: pd.DataFrame, exposed: str, happened: str, of: str, controls: Sequence[str] = ()) -> Estimate:
    """Estimate the factor by which exposure multiplies the chance of an event in a period, other things being equal.

    ``exposed``, ``happened`` and ``of`` name the columns that say whether a row is exposed, and that count its events
    and its cases. ``controls`` names the columns that are held equal. The model is a regression with a complementary
    log-log link, because this link corresponds to proportional hazards in discrete periods.
    """
    by_exposure = frame.groupby(exposed)[[happened, of]].sum()
    require(len(by_exposure), "groups to compare", 2)
    require(by_exposure[happened].min(), "cases in the smaller group", 10)
    columns = pd.get_dummies(frame[list(controls)].astype(str), drop_first=True, dtype=float) if controls else None
    known = frame[[exposed]].astype(float) if columns is None else frame[[exposed]].astype(float).join(columns)
    outcome = np.column_stack([frame[happened], frame[of] - frame[happened]]).astype(float)
    family = sm.families.Binomial(link=sm.families.links.CLogLog())
    return _factor(sm.GLM(outcome, sm.add_constant(known).to_numpy(dtype=float), family=family))


def rate_ratio(counts: pd.Series, exposed: pd.Series, exposure: pd.Series) -> Estimate:
    """Estimate the factor by which being exposed multiplies a rate.

    ``counts`` are events per period, ``exposed`` says which periods are exposed, and ``exposure`` is the size of each
    period. The model is a Poisson regression whose dispersion is estimated from the data.
    """
    require(int(exposed.sum()), "exposed periods", 2)
    require(float(counts[exposed].sum()), "events in the exposed periods", 10)
    known = sm.add_constant(exposed.astype(float).to_numpy())
    model = sm.GLM(
        counts.astype(float).to_numpy(), known, family=sm.families.Poisson(), offset=np.log(exposure.astype(float))
    )
    return _factor(model, scale="X2")


def _factor(model: Any, **options: Any) -> Estimate:
    """Fit a model with logarithmic coefficients, and return the factor for the first variable after the constant."""
    with warnings.catch_warnings():
        # Ignore the warning about a perfect fit: a model with as many parameters as groups fits perfectly. The result
        # is valid, and its interval shows how reliable it is.
        warnings.simplefilter("ignore")
        fitted = model.fit(**options)
    if not fitted.converged or not 0 < fitted.bse[1] < MAX_STANDARD_ERROR:
        raise InsufficientData("the groups are too different to estimate a ratio")
    low, high = fitted.conf_int(1 - CONFIDENCE_LEVEL)[1]
    return Estimate(math.exp(fitted.params[1]), math.exp(low), math.exp(high))


def gini(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return Gini's coefficient: 0 if all values are equal, near 1 if one player has everything.

    Neither scipy nor statsmodels can compute this coefficient.
    """
    ordered = np.sort(values, axis=axis)
    size = ordered.shape[axis]
    ranks = 2 * np.arange(1, size + 1) - size - 1
    total = ordered.sum(axis=axis)
    result: np.ndarray = (ordered * ranks).sum(axis=axis) / np.where(total == 0, 1, total * size)
    return result


def gini_estimate(values: Sequence[int] | np.ndarray, seed: int = 1) -> Estimate:
    """Estimate Gini's coefficient, with a bootstrapped interval.

    If there are more than ``MAX_SAMPLE`` values, the interval is computed from a random sample of this size.
    """
    numbers = np.asarray(values, dtype=float)
    require(len(numbers), "players")
    rng = np.random.default_rng(seed)
    sample = numbers if len(numbers) <= MAX_SAMPLE else rng.choice(numbers, MAX_SAMPLE, replace=False)
    result = stats.bootstrap(
        (sample,),
        gini,
        confidence_level=CONFIDENCE_LEVEL,
        n_resamples=RESAMPLES,
        batch=25,
        method="percentile",
        rng=rng,
    )
    interval = result.confidence_interval
    return Estimate(float(gini(numbers)), float(interval.low), float(interval.high))


def players_needed(share_now: float, share_expected: float) -> int:
    """Return how many players each half of an experiment needs to detect the change between these two shares."""
    effect = proportion_effectsize(share_now, share_expected)
    players: float = NormalIndPower().solve_power(effect_size=abs(effect), alpha=1 - CONFIDENCE_LEVEL, power=POWER)
    return math.ceil(players)
