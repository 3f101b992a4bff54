"""How far the pipeline is: what the log holds, what is settled in Redis and what Presto sees on HDFS."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import redis
from kafka.errors import KafkaError
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from infra.errors import OperatorError
from infra.kafka.topic import end_offsets
from infra.presto import IS_TELEMETRY, fetch
from stack.instance import Instance
from stack.operations.table_status import table_lines
from state.connection import connect
from state.ledger import Ledger

# The highest offset of each realm in either table: a record is landed when it is an event or in quarantine.
_LANDED = f"""
select realm, max("offset") + 1, sum(events), sum(telemetry_events), sum(malformed) from (
  select realm, "offset", 1 as events, if({IS_TELEMETRY}, 1, 0) as telemetry_events, 0 as malformed from events
  union all select realm, "offset", 0, 0, 1 from quarantine)
group by 1"""  # noqa: S608 - our own text


@dataclass(frozen=True)
class RealmProgress:
    """Counts of one realm. ``settled`` and ``landed`` are the numbers of log records that each stream has passed;
    ``totals`` counts records by how they ended; ``telemetry_events`` is a part of the landed ``events``. ``halted`` is
    the reason why the realm does not settle, empty if it does."""

    realm: int
    accepted: int
    settled: int
    landed: int
    events: int
    telemetry_events: int
    malformed: int
    totals: Mapping[str, int]
    halted: str
    recovering: bool

    @property
    def is_caught_up(self) -> bool:
        """Whether both streams are past all that the log holds."""
        return self.accepted == self.settled == self.landed


def realm_progress(instance: Instance) -> list[RealmProgress]:
    """The counts of every realm. Raises OperatorError if a server does not answer."""
    settings = instance.settings()
    ledger = Ledger(connect(settings))
    try:
        # Downstream first: a record that arrives meanwhile then never makes a stream look ahead of the log.
        landed = {row[0]: row[1:] for row in fetch(instance.settings(), _LANDED).rows}
        settled = ledger.offsets(range(instance.realms))
        states = [(ledger.totals(n), ledger.halted(n), ledger.is_recovering(n)) for n in range(instance.realms)]
        accepted = end_offsets(settings)
    except redis.RedisError as error:
        raise OperatorError("Redis does not answer: ./guildhall up") from error
    except KafkaError as error:
        raise OperatorError("Kafka does not answer: ./guildhall up") from error
    realms = []
    for n, (totals, halted, recovering) in enumerate(states):
        past, events, telemetry_events, bad = landed.get(n) or (0, 0, 0, 0)
        counts = (accepted.get(n, 0), settled[n] + 1, past, events, telemetry_events, bad)
        realms.append(RealmProgress(n, *counts, totals, halted, recovering))
    return realms


def render(instance: Instance) -> RenderableType:
    """The counts as a table and why realms stand still, or one line why there are none."""
    try:
        realms = realm_progress(instance)
    except OperatorError as error:
        return f"[yellow]{error}[/]"
    table = Table(title="Pipeline (records of the log)", title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("realm")
    for name in ("accepted", "settled", "lag", "landed", "lag", "quarantined", "rejected", "voided", "stale"):
        # On a narrow screen the longest name breaks and no figure is cut.
        table.add_column(name, justify="right", no_wrap=name != "quarantined", overflow="fold")
    for r in realms:
        counts = (r.accepted, r.settled, r.accepted - r.settled, r.landed, r.accepted - r.landed, r.malformed)
        ends = (r.totals.get(name, 0) for name in ("rejected", "voided", "stale"))
        table.add_row(str(r.realm), *(f"{count:,}" for count in (*counts, *ends)))
    return Group(table, *_obstacles(realms), *table_lines(instance))


def _obstacles(realms: Iterable[RealmProgress]) -> Iterator[Text]:
    for r in realms:
        if r.halted:
            yield Text(f"halted: {r.halted}", style="red")
        elif r.recovering:
            yield Text(f"realm {r.realm} is recovering: it takes no actions until its fence is settled", style="yellow")
