"""Run ``./guildhall backfill``: write a simulated world into the log and wait until it is settled and landed."""

import csv
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from infra.errors import OperatorError, server_errors
from infra.kafka.topic import end_offsets
from infra.presto import fetch
from infra.terminal import progress_columns
from load.progress import wait_until_landed
from load.simulation.backfill_writer import BackfillFailed, WriteResult, WriteTask, write_all
from load.simulation.personas import PERSONAS
from load.simulation.world_spec import WorldSpec
from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger

_STAGES = ("written", "settled", "landed")

_COUNT = """select count(*) from events
where element_at(details, 'generated') = '{seed}' and strpos(player, '_{run}') > 0"""


@dataclass(frozen=True)
class Times:
    """Seconds from the first record until all records were written, settled and landed."""

    written: float
    settled: float
    landed: float


class Backfill:
    """Writes one simulated world into the log, and follows its events through the pipeline."""

    def __init__(self, instance: Instance, spec: WorldSpec, console: Console) -> None:
        self._instance, self._spec, self._console = instance, spec, console
        self._settings = instance.settings()
        self._ledger = Ledger(connect(self._settings))
        self._realms = range(spec.realms)

    def run(self) -> bool:
        """Write all events. Returns whether all events are effective.

        Raises OperatorError if the events cannot be written.
        """
        try:
            with server_errors():
                self._require_new_world()
                generations, before = self._ledger.generations(self._realms), self._totals()
                columns = progress_columns(max(map(len, _STAGES)) + 1)
                with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as progress:
                    written, times = self._write(generations, progress)
                self._write_parameters(written, times)
                return self._is_effective(written, times, generations, self._totals() - before)
        except BackfillFailed as error:
            raise OperatorError(
                f"the log did not take all records: {error}; start again with another --seed"
            ) from error

    def _require_new_world(self) -> None:
        """Raise OperatorError unless all realms accept events and no name in the world was used before."""
        for realm in self._realms:
            if self._ledger.is_recovering(realm) or self._ledger.halted(realm):
                raise OperatorError(f"realm {realm} takes no actions at the moment: ./guildhall status says why")
            if self._ledger.holdings(realm, f"player:{self._spec.player_name(realm, 0)}").settled:
                raise OperatorError(
                    f"the backfill with seed {self._spec.seed} was written before: choose another --seed"
                )

    def _totals(self) -> Counter[str]:
        return sum((Counter(self._ledger.totals(realm)) for realm in self._realms), Counter())

    def _write(self, generations: Mapping[int, int], progress: Progress) -> tuple[list[WriteResult], Times]:
        bars = {stage: progress.add_task(stage, total=self._spec.events) for stage in _STAGES}
        begins, begun = end_offsets(self._settings), time.monotonic()

        def show(stage: str, offsets: Mapping[int, int]) -> int:
            done = sum(max(0, offsets.get(realm, -1) + 1 - begins[realm]) for realm in self._realms)
            progress.update(bars[stage], completed=min(done, self._spec.events))
            return done

        def report(done: int) -> None:
            progress.update(bars["written"], completed=done)
            show("settled", self._ledger.offsets(self._realms))
            if self._ledger.generations(self._realms) != generations:
                raise BackfillFailed("Redis was restarted meanwhile, so further events would be stale")

        tasks = [WriteTask(self._settings, self._spec, realm, generations[realm]) for realm in self._realms]
        written = write_all(tasks, report)
        progress.update(bars["written"], completed=self._spec.events)
        after_writing = time.monotonic() - begun
        ends = end_offsets(self._settings)
        settled_at, landed_at = wait_until_landed(self._instance, self._ledger, ends, show)
        return written, Times(after_writing, settled_at - begun, landed_at - begun)

    def _write_parameters(self, written: Sequence[WriteResult], times: Times) -> None:
        """Write the world's parameters into files, so that the results of an analysis can be compared with them."""
        folder = self._folder()
        world = {
            "seed": self._spec.seed,
            "run": self._spec.run,
            "start": self._spec.start.isoformat(),
            "days": self._spec.days,
            "records": self._spec.events,
            "late": sum(w.result.late for w in written),
            "twice": sum(w.result.twice for w in written),
            "sold_on_sale": sum(w.result.sold_on_sale for w in written),
            "types": dict(sum((w.result.types for w in written), Counter[str]()).most_common()),
            "personas": {kind: asdict(persona) for kind, persona in PERSONAS.items()},
            "seconds": asdict(times),
        }
        (folder / "world.json").write_text(json.dumps(world, indent=1) + "\n")
        with (folder / "players.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("realm", "player", "persona", "sessions", "never_came_back", "said_goodbye"))
            table.writerows((w.realm, *player) for w in written for player in w.players)

    def _folder(self) -> Path:
        return self._instance.folder("figures", f"history-{self._spec.seed}-{self._spec.run}")

    def _is_effective(
        self, written: Sequence[WriteResult], times: Times, generations: Mapping[int, int], grown: Counter[str]
    ) -> bool:
        """Print what happened to the records, and any problems. Returns whether all records are effective."""
        spec, say = self._spec, self._console.print
        landed = fetch(self._instance.settings(), _COUNT.format(seed=spec.seed, run=spec.run)).rows[0][0]
        say(
            f"{spec.events:,} records by {sum(len(w.players) for w in written):,} players in {spec.days} days from "
            f"{spec.start} on, seed {spec.seed}: {sum(w.result.late for w in written):,} late, "
            f"{sum(w.result.twice for w in written):,} written twice."
        )
        for stage, seconds in asdict(times).items():
            say(f"{stage:8} after {seconds:5.0f} s, {spec.events / seconds:,.0f} records a second")
        say(f"rows in Presto {landed:,}; rejected = {grown['rejected']:,}, stale = {grown['stale']:,}")
        say(f"Parameters of the world: {self._folder()}", highlight=False, soft_wrap=True)
        was_restarted = self._ledger.generations(self._realms) != generations
        for problem in _problems(spec, landed, grown, was_restarted=was_restarted):
            say(f"[red]{problem}[/]")
        return landed == spec.events and not grown["rejected"] and not grown["stale"]


def _problems(spec: WorldSpec, landed: int, grown: Counter[str], *, was_restarted: bool) -> Iterator[str]:
    if landed != spec.events:
        yield f"{spec.events - landed:,} records are not in Presto: type ./guildhall quarantine list to look for them"
    if grown["stale"]:
        reason = "Redis was restarted meanwhile" if was_restarted else "the generation of a realm had ended before"
        yield f"{grown['stale']:,} events are stale and have no effect, because {reason}: use another --seed"
    if grown["rejected"]:
        yield (
            f"{grown['rejected']:,} events were rejected, because another program wrote to these accounts or to Kafka: "
            "see ./guildhall logs streaming"
        )
