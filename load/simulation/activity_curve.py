"""When things happen: how many newcomers each hour brings, and how many events each hour should have.

The number of events is given, so the world needs a curve that they follow. It is worked out from the personas: who has
come by then, and how many of those are expected to come still.
"""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from load.simulation.personas import (
    BASELINE_ARRIVALS,
    GUILD_CHURN_FACTOR,
    HOURS,
    LAUNCH_BOOST,
    LAUNCH_FADES_DAYS,
    PERSONAS,
    SALE_CROWD,
    SALE_HOURS,
    WEEKDAYS,
    Persona,
)

DAY_HOURS = 24
_IN_GUILD = 0.35  # of the sessions, roughly: only the expectation needs it, what comes is counted


@dataclass(frozen=True)
class ActivityCurve:
    """Of a world of so many days that begins at the midnight before ``start`` (UTC)."""

    start: date
    days: int

    @property
    def hours(self) -> int:
        """How many hours it has."""
        return self.days * DAY_HOURS

    @property
    def sale_day(self) -> int:
        """The day of the sale, counted from 0: late enough that people have saved some gold."""
        return self.days * 2 // 3

    def moment(self, seconds: float) -> datetime:
        """So many seconds after the world's beginning."""
        return datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC) + timedelta(seconds=seconds)

    def is_sale(self, seconds: float) -> bool:
        """Whether the sale is on so many seconds after the beginning."""
        day, hour = divmod(int(seconds // 3600), DAY_HOURS)
        return day == self.sale_day and SALE_HOURS[0] <= hour < SALE_HOURS[1]

    def newcomers(self) -> list[float]:
        """Hour -> its share of all newcomers."""
        return _shares([self._newcomers_of_day(h // DAY_HOURS) * HOURS[h % DAY_HOURS] for h in range(self.hours)])

    def events(self) -> list[float]:
        """Hour -> its share of all events."""
        people = [self._expected(day, bots=False) * self._weekday(day) for day in range(self.days)]
        bots = [self._expected(day, bots=True) for day in range(self.days)]
        of_hour = [hour / sum(HOURS) for hour in HOURS]
        return _shares(
            [
                people[day] * of_hour[hour] * self._crowd(day, hour) + bots[day] / DAY_HOURS
                for day in range(self.days)
                for hour in range(DAY_HOURS)
            ]
        )

    def events_a_player(self) -> float:
        """How many events somebody is expected to cause in all of these days."""
        everybody = sum(self._newcomers_of_day(day) for day in range(self.days))
        return sum(self._expected(day, bots=b) for day in range(self.days) for b in (False, True)) / everybody

    def _newcomers_of_day(self, day: int) -> float:
        return (BASELINE_ARRIVALS + LAUNCH_BOOST * math.exp(-day / LAUNCH_FADES_DAYS)) * self._weekday(day)

    def _weekday(self, day: int) -> float:
        return WEEKDAYS[(self.start + timedelta(days=day)).weekday()]

    def _crowd(self, day: int, hour: int) -> float:
        return SALE_CROWD if self.is_sale((day * DAY_HOURS + hour) * 3600) else 1.0

    def _expected(self, day: int, *, bots: bool) -> float:
        """Events of a day, by all who came until then."""
        kinds = [persona for persona in PERSONAS.values() if persona.is_bot == bots]
        return sum(
            self._newcomers_of_day(day - age) * p.share * _events(p, age) for age in range(day + 1) for p in kinds
        )


def _events(persona: Persona, age: int) -> float:
    """Events of somebody on the day that is so many days after the first one, whether or not they still come."""
    leaves = persona.leaves * (1 - _IN_GUILD * (1 - GUILD_CHURN_FACTOR))
    comes = math.pow(1 - leaves, persona.sessions_a_day * age + (age > 0))
    first = 1.0 if age == 0 else 0.0  # the session in which somebody registers; half of that day is left for others
    sessions = first + persona.sessions_a_day * (0.5 * (1 - leaves) if age == 0 else 1)
    return comes * sessions * persona.actions


def _shares(weights: list[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]
