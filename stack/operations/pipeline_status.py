"""The progress of the pipeline: records in the log, settled in Redis, and landed on HDFS as Presto sees them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from infra.errors import OperatorError, server_errors
from infra.kafka.topic import end_offsets
from infra.presto import fetch
from stack.instance import Instance
from stack.operations.landed import LANDED_RECORDS
from stack.operations.table_status import table_lines
from state.connection import connect
from state.ledger import Ledger

_LANDED = f"""
select realm, max("offset") + 1, sum(events), sum(telemetry_events), sum(malformed)
from {LANDED_RECORDS} group by 1"""  # noqa: S608 - no input from outside


@dataclass(frozen=True)
class RealmProgress:
    """Counts of one realm.

    ``accepted`` counts the records in the log; ``settled`` and ``landed`` count those that each stream has passed.
    ``events``, with its part ``telemetry_events``, and ``malformed`` count what has landed. ``totals`` counts the
    settled records by outcome. ``halted`` is the reason why the realm does not settle, empty if it does.
    """

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
        """Whether both streams have passed every record in the log."""
        return self.accepted == self.settled == self.landed


def realm_progress(instance: Instance) -> list[RealmProgress]:
    """Return the counts of every realm. Raises OperatorError if a server does not respond."""
    settings = instance.settings()
    ledger = Ledger(connect(settings))
    with server_errors():
        # Downstream stages first: a record that arrives in between then never puts a stream ahead of the log.
        landed = {row[0]: row[1:] for row in fetch(settings, _LANDED).rows}
        settled = ledger.offsets(range(instance.realms))
        states = [(ledger.totals(n), ledger.halted(n), ledger.is_recovering(n)) for n in range(instance.realms)]
        accepted = end_offsets(settings)
    realms = []
    for n, (totals, halted, recovering) in enumerate(states):
        landed_count, events, telemetry_events, malformed = landed.get(n) or (0, 0, 0, 0)
        counts = (accepted.get(n, 0), settled[n] + 1, landed_count, events, telemetry_events, malformed)
        realms.append(RealmProgress(n, *counts, totals, halted, recovering))
    return realms


def render(instance: Instance) -> RenderableType:
    """Return the counts as a table with the reasons of halted realms, or one line if a server does not respond."""
    try:
        realms = realm_progress(instance)
    except OperatorError as error:
        return Text(str(error), style="yellow")
    table = Table(title="Pipeline (records of the log)", title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("realm")
    for name in ("accepted", "settled", "lag", "landed", "lag", "quarantined", "rejected", "voided", "stale"):
        # On a narrow terminal the longest name wraps, so that no number is cut.
        table.add_column(name, justify="right", no_wrap=name != "quarantined", overflow="fold")
    for r in realms:
        counts = (r.accepted, r.settled, r.accepted - r.settled, r.landed, r.accepted - r.landed, r.malformed)
        outcomes = (r.totals.get(name, 0) for name in ("rejected", "voided", "stale"))
        table.add_row(str(r.realm), *(f"{count:,}" for count in (*counts, *outcomes)))
    return Group(table, *_problems(realms), *table_lines(instance))


def _problems(realms: Iterable[RealmProgress]) -> Iterator[Text]:
    for r in realms:
        if r.halted:
            yield Text(f"halted: {r.halted}", style="red")
        elif r.recovering:
            yield Text(f"realm {r.realm} is recovering: it takes no actions until its fence is settled", style="yellow")
