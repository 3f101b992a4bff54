"""Compute the shape of a world over time: each hour's share of the newcomers and each hour's share of the events.

The total number of events is given, so the simulation needs a curve that says how many of them happen in each hour.
The curve follows from the personas. It combines how many players are expected to have arrived by an hour, and which
share of these players is expected to still play.
"""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from load.simulation.personas import (
    BASELINE_ARRIVALS,
    GUILD_CHURN_FACTOR,
    HOURLY_ACTIVITY,
    LAUNCH_BOOST,
    LAUNCH_FADES_DAYS,
    PERSONAS,
    SALE_CROWD,
    SALE_HOURS,
    WEEKDAY_ACTIVITY,
    Persona,
)

DAY_HOURS = 24
_IN_GUILD = 0.35  # rough share of sessions by guild members; it affects the expected curve, but no agent's behaviour


@dataclass(frozen=True)
class ActivityCurve:
    """The curve of a world that lasts ``days`` days and begins at 00:00 UTC on the date ``start``."""

    start: date
    days: int

    @property
    def hours(self) -> int:
        """The number of hours that the world lasts."""
        return self.days * DAY_HOURS

    @property
    def sale_day(self) -> int:
        """The day of the sale, counted from 0. It is late enough for players to have saved some gold."""
        return self.days * 2 // 3

    def moment(self, seconds: float) -> datetime:
        """Convert seconds since the start of the world into a time."""
        return datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC) + timedelta(seconds=seconds)

    def is_sale(self, seconds: float) -> bool:
        """Return whether the sale is on at this time, in seconds since the start of the world."""
        day, hour = divmod(int(seconds // 3600), DAY_HOURS)
        return day == self.sale_day and SALE_HOURS[0] <= hour < SALE_HOURS[1]

    def newcomers(self) -> list[float]:
        """Return each hour's share of all newcomers."""
        return _shares(
            [self._newcomers_of_day(h // DAY_HOURS) * HOURLY_ACTIVITY[h % DAY_HOURS] for h in range(self.hours)]
        )

    def events(self) -> list[float]:
        """Return each hour's share of all events."""
        people = [self._expected_events(day, bots=False) * self._weekday(day) for day in range(self.days)]
        bots = [self._expected_events(day, bots=True) for day in range(self.days)]
        of_hour = [activity / sum(HOURLY_ACTIVITY) for activity in HOURLY_ACTIVITY]
        return _shares(
            [
                people[day] * of_hour[hour] * self._active_players(day, hour) + bots[day] / DAY_HOURS
                for day in range(self.days)
                for hour in range(DAY_HOURS)
            ]
        )

    def events_a_player(self) -> float:
        """Return the expected number of events that one player causes during the whole world."""
        newcomers = sum(self._newcomers_of_day(day) for day in range(self.days))
        return sum(self._expected_events(day, bots=b) for day in range(self.days) for b in (False, True)) / newcomers

    def _newcomers_of_day(self, day: int) -> float:
        return (BASELINE_ARRIVALS + LAUNCH_BOOST * math.exp(-day / LAUNCH_FADES_DAYS)) * self._weekday(day)

    def _weekday(self, day: int) -> float:
        return WEEKDAY_ACTIVITY[(self.start + timedelta(days=day)).weekday()]

    def _active_players(self, day: int, hour: int) -> float:
        """Return the factor by which a sale in this hour changes the number of active players."""
        return SALE_CROWD if self.is_sale((day * DAY_HOURS + hour) * 3600) else 1.0

    def _expected_events(self, day: int, *, bots: bool) -> float:
        """Return the expected number of events on a day, by all players who have arrived by that day."""
        kinds = [persona for persona in PERSONAS.values() if persona.is_bot == bots]
        return sum(
            self._newcomers_of_day(day - age) * p.share * _events_at_age(p, age)
            for age in range(day + 1)
            for p in kinds
        )


def _events_at_age(persona: Persona, age: int) -> float:
    """Return the expected number of events by a player ``age`` days after the first day, if the player may churn."""
    churn = persona.churn * (1 - _IN_GUILD * (1 - GUILD_CHURN_FACTOR))
    is_still_active = math.pow(1 - churn, persona.sessions_a_day * age + (age > 0))
    # A player's first day contains the session in which the player registers. On average, about half of that day is
    # left for further sessions.
    first = 1.0 if age == 0 else 0.0
    sessions = first + persona.sessions_a_day * (0.5 * (1 - churn) if age == 0 else 1)
    return is_still_active * sessions * persona.actions


def _shares(weights: list[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]
