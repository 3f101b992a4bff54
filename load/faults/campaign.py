"""A campaign: inject faults into every server during a workload, heal everything, and check the result."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import redis
from kafka.errors import KafkaError
from rich.console import Console

from infra.kafka.topic import end_offsets
from load.checker.archive import archive
from load.checker.check_input import Finding
from load.checker.collect import collect
from load.faults import injectors
from load.faults.injectors import Fault
from load.faults.schedule import MAX_PAUSE_SECONDS, order, steps
from load.progress import wait_for
from load.workload.history import Operation
from load.workload.runner import play
from stack.instance import Instance
from stack.operations import pipeline_status
from stack.servers import lifecycle, supervisor
from state.connection import connect, hash_tag
from state.ledger import Ledger

RECOVERY_SECONDS = 180.0  # from the end of a fault until all accepted events are settled; longer is a finding
QUIET_SECONDS = 300.0  # at the end, until all is landed and no hold is open: a void waits for the hold's deadline
PLAY_SECONDS = 300.0  # for one segment of play: far more than it takes, unless the API accepts nothing any more
SHARE_SECONDS = 60.0  # for the play between two faults; a slow machine plays the rest after the last fault
SEGMENT_TURNS = 25  # of each player between two checks for the end: a player's incarnation, see load.workload.runner

Report = Callable[[int, int, str], None]  # gets the numbers of finished faults and operations, and the current step


@dataclass(frozen=True)
class CampaignConfig:
    """The size of a campaign: concurrent players, the minimum number of their turns, and the number of faults."""

    players: int
    actions: int
    faults: int
    seed: int | None = None
    # Threads of the workload: more would only take the two cores from the servers under test.
    threads: int = 12


@dataclass
class InjectionResult:
    """The result of one fault. Times are seconds of the monotonic clock.

    ``done`` is when it was injected and ``settled`` when the system had recovered. ``together`` is true for the second
    fault of a step. ``skipped`` is the reason why the fault was not injected, empty if it was.
    """

    fault: str
    began: float
    done: float = 0.0
    settled: float | None = None
    together: bool = False
    skipped: str = ""


@dataclass
class Campaign:
    """The course and the result of a campaign. ``seconds`` is its duration; ``began`` is on the monotonic clock."""

    seed: int
    began: float
    results: list[InjectionResult] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    totals: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def seconds_until_accepting(self, result: InjectionResult) -> float | None:
        """Return the time from the start of the fault until each realm had accepted an action sent after it."""
        first_by_realm: dict[int, float] = {}
        for o in self.operations:
            if o.outcome == "success" and o.event_id and o.begun >= result.done:
                first_by_realm[o.realm] = min(o.ended, first_by_realm.get(o.realm, o.ended))
        is_complete = first_by_realm.keys() >= {o.realm for o in self.operations}
        return max(first_by_realm.values()) - result.began if is_complete and first_by_realm else None


class Load:
    """A background workload: segment after segment, until it is stopped and ``actions`` turns are taken."""

    def __init__(self, instance: Instance, players: int, actions: int, seed: int, threads: int) -> None:
        self.operations: list[Operation] = []
        self._instance, self._players, self._actions, self._seed = instance, players, actions, seed
        self._threads = threads
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play_segments)
        self._error: Exception | None = None
        self._count_in_segment = 0

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._error:
            raise self._error

    @property
    def count(self) -> int:
        """The number of operations that have ended."""
        return len(self.operations) + self._count_in_segment

    def wait_for(self, count: int) -> None:
        """Return when this number of operations has ended, or after SHARE_SECONDS."""
        wait_for(lambda: self.count >= count, SHARE_SECONDS)

    def _play_segments(self) -> None:
        turns, segment = 0, 0
        folder = self._instance.folder("faults")
        try:
            while turns < self._actions or not self._stop.is_set():
                segment += 1
                self.operations += play(
                    self._instance.settings().api_url,
                    self._instance.realms,
                    self._players,
                    self._players * SEGMENT_TURNS,
                    self._seed + segment,
                    folder / f"history-{segment:03}.jsonl",
                    self._threads,
                    operator_key=self._instance.secrets["operator_key"],
                    deadline_seconds=PLAY_SECONDS,
                    progress=self._update_count,
                )
                self._count_in_segment = 0
                turns += self._players * SEGMENT_TURNS
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits for the end
            self._error = error

    def _update_count(self, ended: int) -> None:
        self._count_in_segment = ended


def run_campaign(
    instance: Instance, config: CampaignConfig, report: Report, before: Sequence[Operation] = ()
) -> Campaign:
    """Play while faults are injected, heal the servers, wait until everything is settled and landed, and check.

    The instance must be up, and ``before`` must hold every operation that was played on it already.
    Raises OperatorError if a server does not start again, and whatever the check raises.
    """
    seed = config.seed or 0
    rng = random.Random(seed)  # noqa: S311 - repeatable, not a secret
    campaign = Campaign(seed, time.monotonic())
    count = config.faults
    planned = order(injectors.catalogue(instance.settings(), rng), count, rng)
    with Load(instance, config.players, config.actions, seed, config.threads) as load:
        for step in steps(planned, rng):
            # Spread the faults over the play: otherwise the second half of the play is undisturbed.
            load.wait_for(config.actions * len(campaign.results) // count)
            time.sleep(rng.uniform(0, MAX_PAUSE_SECONDS))
            report(len(campaign.results), load.count, " and ".join(fault.name for fault in step))
            campaign.results += inject_step(instance, step)
        report(count, load.count, "playing to the end")
    campaign.operations = [*before, *load.operations]
    report(count, load.count, "waiting until everything is settled and landed")
    lifecycle.up(instance, Console(quiet=True))
    if not wait_for(lambda: is_quiet(instance), QUIET_SECONDS):
        campaign.findings.append(Finding("not_quiet", -1, f"{pipeline_status.realm_progress(instance)}"))
    report(count, load.count, "checking")
    check_campaign(instance, campaign)
    campaign.seconds = time.monotonic() - campaign.began
    return campaign


def check_campaign(instance: Instance, campaign: Campaign) -> None:
    """Add the findings of the checker, and the faults after which not all was settled in time.

    Raises what ``collect`` raises.
    """
    settings = instance.settings()
    ledger = Ledger(connect(settings), settings)
    campaign.findings += collect(settings, ledger, campaign.operations, lambda realm, at: archive(settings, realm, at))
    campaign.findings += [
        Finding(
            "not_recovered", -1, f"not everything was settled within {RECOVERY_SECONDS:.0f} s after: {result.fault}"
        )
        for result in campaign.results
        if result.settled is None
    ]
    for realm in range(instance.realms):
        campaign.totals.update(ledger.totals(realm))


def inject_step(instance: Instance, step: Sequence[Fault]) -> list[InjectionResult]:
    """Inject the faults of a step at once, heal them, and wait until everything accepted until then is settled."""
    results: list[InjectionResult] = []
    try:
        for fault in step:
            result = InjectionResult(fault.name, time.monotonic(), together=bool(results))
            results.append(result)
            try:
                fault.inject(instance)
            except (injectors.Skipped, redis.RedisError, KafkaError, OSError) as reason:
                result.skipped = str(reason)
            result.done = time.monotonic()
        time.sleep(max(fault.duration_seconds for fault in step))
    finally:
        for fault in step:
            fault.heal(instance)
    for server in ("redis", "kafka"):
        supervisor.start(instance, server)  # the supervisor gives up on a server that cannot start on a full disk
    if wait_for_settling(instance):
        for result in results:
            result.settled = time.monotonic()
    return results


def wait_for_settling(instance: Instance) -> bool:
    """Wait until everything that is now in the log is settled and every realm is open.

    Returns whether that happened within RECOVERY_SECONDS.
    """
    ledger, ends = Ledger(connect(instance.settings())), dict[int, int]()

    def is_settled() -> bool:
        if not ends:  # asked here and not before, because Kafka may be unreachable at first
            ends.update(end_offsets(instance.settings()))
        offsets = ledger.offsets(range(instance.realms))
        return all(offsets[realm] >= ends[realm] - 1 for realm in offsets) and all_open(instance)

    return wait_for(is_settled, RECOVERY_SECONDS)


def all_open(instance: Instance) -> bool:
    """Return whether every realm takes holds. Raises redis.RedisError."""
    admin = connect(instance.settings("admin"))
    run_id, ledger = admin.info("server")["run_id"], Ledger(admin)
    # After a restart of Redis a realm looks open until the first client attaches. So compare the run ids, too.
    return all(
        admin.get(f"{hash_tag(realm)}:run") == run_id and not ledger.is_recovering(realm)
        for realm in range(instance.realms)
    )


def is_quiet(instance: Instance) -> bool:
    """Return whether the log is settled and landed to its end and no hold is open. Raises what the clients raise."""
    ledger = Ledger(connect(instance.settings()))
    return all(
        r.is_caught_up and not ledger.snapshot(r.realm).open_holds for r in pipeline_status.realm_progress(instance)
    ) and all_open(instance)
