"""Shows the progress of the pipeline: how many records are in the log, settled in Redis, and landed on HDFS."""

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

    ``accepted`` counts the records in the log. ``settled`` and ``landed`` count the log records up to the offset that
    settling and landing have reached. ``events`` counts the landed events; ``telemetry_events`` of them are telemetry.
    ``malformed`` counts the landed malformed records. ``totals`` counts the settled records by outcome. ``halted`` is
    the reason why the realm is not being settled, or an empty string if it is.
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
        """Return whether settling and landing have both reached the end of the log."""
        return self.accepted == self.settled == self.landed


def realm_progress(instance: Instance) -> list[RealmProgress]:
    """Return the counts of every realm. Raises OperatorError if a server does not respond."""
    settings = instance.settings()
    ledger = Ledger(connect(settings))
    with server_errors():
        # Read the end of the log last. Otherwise, if a record arrives in between, a stream could look as if it were
        # ahead of the log.
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
    """Return a table of the counts and the reasons of halted realms.

    If a server does not respond, the function returns one line that says so.
    """
    try:
        realms = realm_progress(instance)
    except OperatorError as error:
        return Text(str(error), style="yellow")
    table = Table(title="Pipeline (records of the log)", title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("realm")
    for name in ("accepted", "settled", "lag", "landed", "lag", "quarantined", "rejected", "voided", "stale"):
        # Let only the longest column name wrap on a narrow terminal, so that no number is cut off.
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
