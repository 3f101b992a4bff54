"""``./guildhall play --history``: writes an era into the log and waits until it is settled and landed."""

import csv
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.errors import OperatorError, server_errors
from infra.kafka.topic import end_offsets
from infra.presto import fetch
from load.progress import wait_until_landed
from load.simulation.backfill_writer import BackfillFailed, WriteResult, WriteTask, write_all
from load.simulation.personas import PERSONAS
from load.simulation.world_spec import WorldSpec
from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger

_COUNT = """select count(*) from events
where element_at(details, 'generated') = '{seed}' and strpos(player, '_{run}') > 0"""


@dataclass(frozen=True)
class Times:
    """Seconds from the first record until all were written, settled and landed."""

    written: float
    settled: float
    landed: float


class Backfill:
    """One era on its way through the pipeline."""

    def __init__(self, instance: Instance, era: WorldSpec, console: Console) -> None:
        self._instance, self._era, self._console = instance, era, console
        self._settings = instance.settings()
        self._ledger = Ledger(connect(self._settings))
        self._realms = range(era.realms)

    def run(self) -> bool:
        """Answers whether all of it is effective. Raises OperatorError if it cannot be written."""
        try:
            with server_errors():
                self._require_new()
                generations, before = self._ledger.generations(self._realms), self._totals()
                columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
                with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as progress:
                    written, times = self._play(generations, progress)
                self._keep(written, times)
                return self._is_effective(written, times, generations, self._totals() - before)
        except BackfillFailed as error:
            raise OperatorError(f"the log did not take all of it: {error}; begin anew with another --seed") from error

    def _require_new(self) -> None:
        """That the realms take what is written, and that the names are nobody's."""
        for realm in self._realms:
            if self._ledger.is_recovering(realm) or self._ledger.halted(realm):
                raise OperatorError(f"realm {realm} takes no actions at the moment: ./guildhall status says why")
            if self._ledger.holdings(realm, f"player:{self._era.player_name(realm, 0)}").settled:
                raise OperatorError(f"the history of seed {self._era.seed} was written before: choose another --seed")

    def _totals(self) -> Counter[str]:
        return sum((Counter(self._ledger.totals(realm)) for realm in self._realms), Counter())

    def _play(self, generations: Mapping[int, int], progress: Progress) -> tuple[list[WriteResult], Times]:
        names = ("written", "settled", "landed")
        bars = {name: progress.add_task(name, total=self._era.events) for name in names}
        begins, begun = end_offsets(self._settings), time.monotonic()

        def show(name: str, offsets: Mapping[int, int]) -> int:
            done = sum(max(0, offsets.get(realm, -1) + 1 - begins[realm]) for realm in self._realms)
            progress.update(bars[name], completed=min(done, self._era.events))
            return done

        def report(done: int) -> None:
            progress.update(bars["written"], completed=done)
            show("settled", self._ledger.offsets(self._realms))
            if self._ledger.generations(self._realms) != generations:
                raise BackfillFailed("Redis was restarted meanwhile, and what is written from now on would not count")

        orders = [WriteTask(self._settings, self._era, realm, generations[realm]) for realm in self._realms]
        written = write_all(orders, report)
        progress.update(bars["written"], completed=self._era.events)
        after_writing = time.monotonic() - begun
        ends = end_offsets(self._settings)
        settled_at, landed_at = wait_until_landed(self._instance, self._ledger, ends, show)
        return written, Times(after_writing, settled_at - begun, landed_at - begun)

    def _keep(self, written: Sequence[WriteResult], times: Times) -> None:
        """What was put into the world, for whoever wants to know whether an analysis has found it."""
        folder = self._folder()
        world = {
            "seed": self._era.seed,
            "run": self._era.run,
            "start": self._era.start.isoformat(),
            "days": self._era.days,
            "records": self._era.events,
            "late": sum(w.summary.late for w in written),
            "twice": sum(w.summary.twice for w in written),
            "sold_on_sale": sum(w.summary.sold_on_sale for w in written),
            "types": dict(sum((w.summary.types for w in written), Counter[str]()).most_common()),
            "personas": {kind: asdict(persona) for kind, persona in PERSONAS.items()},
            "seconds": asdict(times),
        }
        (folder / "world.json").write_text(json.dumps(world, indent=1) + "\n")
        with (folder / "players.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("realm", "player", "persona", "sessions", "never_came_back", "said_goodbye"))
            table.writerows((w.realm, *player) for w in written for player in w.players)

    def _folder(self) -> Path:
        return self._instance.folder("figures", f"history-{self._era.seed}-{self._era.run}")

    def _is_effective(
        self, written: Sequence[WriteResult], times: Times, generations: Mapping[int, int], grown: Counter[str]
    ) -> bool:
        """Say what became of it, and why if it is not what it should be."""
        era, say = self._era, self._console.print
        twice = sum(w.summary.twice for w in written)
        landed = fetch(self._instance.settings(), _COUNT.format(seed=era.seed, run=era.run)).rows[0][0]
        people = sum(len(w.players) for w in written)
        late = sum(w.summary.late for w in written)
        say(
            f"{era.events:,} records of {people:,} players in {era.days} days from {era.start} on, seed {era.seed}: "
            f"{late:,} of them late, {twice:,} written a second time."
        )
        for what, seconds in asdict(times).items():
            say(f"{what:8} after {seconds:5.0f} s, {era.events / seconds:,.0f} records a second")
        say(f"rows in Presto {landed:,}; rejected = {grown['rejected']:,}, stale = {grown['stale']:,}")
        say(f"What was put in: {self._folder()}", highlight=False, soft_wrap=True)
        for trouble in _troubles(era, landed, grown, self._ledger.generations(self._realms) != generations):
            say(f"[red]{trouble}[/]")
        return landed == era.events and not grown["rejected"] and not grown["stale"]


def _troubles(era: WorldSpec, landed: int, grown: Counter[str], was_restarted: bool) -> Iterator[str]:
    if landed != era.events:
        yield f"{era.events - landed:,} records are not in Presto: ./guildhall quarantine list may have them"
    if grown["stale"]:
        why = "Redis was restarted meanwhile" if was_restarted else "a realm's generation had ended before"
        yield f"{grown['stale']:,} events are stale and do nothing, as {why}: begin anew with another --seed"
    if grown["rejected"]:
        yield (
            f"{grown['rejected']:,} events were rejected: somebody else has written to these accounts, or to Kafka: "
            "./guildhall logs streaming"
        )
