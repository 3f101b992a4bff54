"""Turn events into rows for Spark, as landing would write them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession

from game.accounts import Transfer
from game.events import Event, new_event
from streaming.jobs.deduplication import effective_events, generations, superseded

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

MINT = (Transfer("house:mint", "player:ada:gold", 100),)

BUY = (
    Transfer("player:ada:gold", "house:shop", 30),
    Transfer("house:stock:iron_sword", "player:ada:item:iron_sword", 1),
)

_COLUMNS = (
    "realm int, offset bigint, kafka_time timestamp_ntz, event_id string, event_type string, player string, "
    "event_time timestamp_ntz, generation bigint, details map<string, string>, "
    "transfers array<struct<debit: string, credit: string, amount: bigint>>"
)


def event(name: str, kind: str = "gold_claimed", **more: Any) -> Event:
    """Return an event whose id is made from a short name."""
    values = {"player": "ada", "realm": 0, "at": START, "transfers": MINT if kind == "gold_claimed" else ()} | more
    return new_event(event_id=name.encode().hex().rjust(8, "0"), event_type=kind, **values)


def name_of(row: Row) -> str:
    return bytes.fromhex(row.event_id).decode().strip("\0")


class LandedLog:
    """Landed events as rows of the table of events. The offset of an event is its position within its realm."""

    def __init__(self, spark: SparkSession, events: Sequence[Event], times: Sequence[datetime] | None = None) -> None:
        self.events = list(events)
        self.times = list(times or [START + timedelta(seconds=n) for n in range(len(events))])
        last: dict[int, int] = {}
        rows = []
        for event, at in zip(self.events, self.times, strict=True):
            last[event.realm] = offset = last.get(event.realm, -1) + 1
            rows.append(_row(event, offset, at))
        self.rows = spark.createDataFrame(rows, _COLUMNS)

    def fences(self) -> dict[int, list[int]]:
        return generations(self.rows)

    def effective(self, low: int = -1, high: int = 10**6, rejected: Sequence[tuple[int, int]] = ()) -> DataFrame:
        part = self.rows.where(f"offset > {low} and offset <= {high}")
        losers = superseded(part, self.rows.where(f"offset <= {low}"), self.fences())
        return effective_events(part, losers, rejected)

    def names(self, **cut: Any) -> list[str]:
        return [name_of(row) for row in self.effective(**cut).orderBy("realm", "offset").collect()]


def _row(event: Event, offset: int, kafka_time: datetime) -> tuple[Any, ...]:
    return (
        event.realm,
        offset,
        kafka_time.replace(tzinfo=None),
        event.id,
        event.type,
        event.player,
        datetime.fromisoformat(event.time).replace(tzinfo=None),
        event.generation,
        {name: str(value) for name, value in event.details.items()},
        [(t.debit, t.credit, t.amount) for t in event.transfers],
    )
