"""Derive tables from a few events."""

from datetime import datetime, timedelta
from typing import Any

from pyspark.sql import Row, SparkSession

from game.events import Event
from game.examples import decisions
from streaming.jobs.derive import actions_of, transfers_of
from streaming.jobs.summaries import players_of, sessions_of
from tests.support.spark_rows import START, LandedLog, event


class DerivedTables:
    """The tables of actions and transfers for some events. Each event has a time in minutes after the start."""

    def __init__(self, spark: SparkSession, *timed: tuple[int, Event]) -> None:
        moved = [e.model_copy(update={"time": new_time(minute)}) for minute, e in timed]
        counted = LandedLog(spark, moved).effective()
        self.actions, self.moves = actions_of(counted), transfers_of(counted)

    def players(self) -> dict[str, Row]:
        return {row.player: row for row in players_of(self.actions, self.moves).collect()}

    def sessions(self, player: str = "ada") -> list[Row]:
        return sessions_of(self.actions, self.moves).where(f"player = '{player}'").orderBy("session").collect()


def new_time(minute: float) -> str:
    return event("x", at=START + timedelta(minutes=minute)).time


def decided(kind: str, name: str, **more: Any) -> Event:
    """Return an event of this type with the details and transfers that the rules decide in the examples."""
    decision = next(decision for decision in decisions() if decision.type == kind)
    return event(name, kind, details=decision.details, transfers=decision.transfers, **more)


def minute_of(moment: datetime) -> float:
    return (moment - START.replace(tzinfo=None)).total_seconds() / 60
