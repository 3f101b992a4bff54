"""Run a campaign: inject faults into the servers during a workload, heal the servers, and check the result."""

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

# The system must settle all accepted events within this time after a fault ends. If it does not, that is a finding.
RECOVERY_SECONDS = 180.0

# The longest wait at the end of a campaign until everything has landed and no hold is open. It is long because a
# hold whose event never reached the log is voided only after its deadline.
QUIET_SECONDS = 300.0

# Time limit of one segment of play: far more than a segment needs, unless the API no longer accepts anything.
PLAY_SECONDS = 300.0

# The longest time to play between two faults. On a slow machine, the rest of the turns is played after the last fault.
SHARE_SECONDS = 60.0

# Turns that each player takes in one segment. After each segment, the load decides whether to stop. The number equals
# STEPS_PER_INCARNATION in load.workload.runner, so that each player plays one incarnation in a segment.
SEGMENT_TURNS = 25

# Called with the number of finished faults, the number of finished operations, and a description of the current step.
Report = Callable[[int, int, str], None]


@dataclass(frozen=True)
class CampaignConfig:
    """The size of a campaign.

    ``players`` is the number of concurrent players, ``actions`` the minimum number of turns that they take in all, and
    ``faults`` the number of faults.
    """

    players: int
    actions: int
    faults: int
    seed: int | None = None
    # Number of threads that play. More threads would only take time on the two cores away from the servers under test.
    threads: int = 12


@dataclass
class InjectionResult:
    """The result of one fault. Times are in seconds of the monotonic clock.

    ``began`` is the time at which the injection began, ``done`` the time at which it was complete, and ``settled`` the
    time at which the system had recovered. ``together`` is true for the second fault of a step. ``skipped`` is the
    reason why the fault was not injected, or an empty string if it was injected.
    """

    fault: str
    began: float
    done: float = 0.0
    settled: float | None = None
    together: bool = False
    skipped: str = ""


@dataclass
class Campaign:
    """What happened in a campaign, and what the checker found.

    ``seconds`` is the duration of the campaign, and ``began`` is its start on the monotonic clock.
    """

    seed: int
    began: float
    results: list[InjectionResult] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    totals: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def seconds_until_accepting(self, result: InjectionResult) -> float | None:
        """Return the seconds from the start of the fault until every realm had accepted an action again.

        Only actions count that were sent after the fault was injected. Returns None if a realm accepted no such action.
        """
        first_by_realm: dict[int, float] = {}
        for o in self.operations:
            if o.outcome == "success" and o.event_id and o.begun >= result.done:
                first_by_realm[o.realm] = min(o.ended, first_by_realm.get(o.realm, o.ended))
        is_complete = first_by_realm.keys() >= {o.realm for o in self.operations}
        return max(first_by_realm.values()) - result.began if is_complete and first_by_realm else None


class Load:
    """A workload in a background thread.

    It plays one segment after the other until it is told to stop and the players have taken at least ``actions`` turns.
    """

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
        """Return the number of operations that have ended."""
        return len(self.operations) + self._count_in_segment

    def wait_for(self, count: int) -> None:
        """Wait until this number of operations has ended, but at most SHARE_SECONDS."""
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

    The instance must be up. ``before`` must contain every operation that clients have already sent to the instance.
    Raises OperatorError if a server does not start again, and whatever ``check_campaign`` raises.
    """
    seed = config.seed or 0
    rng = random.Random(seed)  # noqa: S311 - repeatable, not a secret
    campaign = Campaign(seed, time.monotonic())
    count = config.faults
    planned = order(injectors.catalogue(instance.settings(), rng), count, rng)
    with Load(instance, config.players, config.actions, seed, config.threads) as load:
        for step in steps(planned, rng):
            # Wait for a share of the play before each step. Otherwise all faults would come early, and nothing would
            # disturb the second half of the play.
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
    """Add the checker's findings to the campaign, and a finding for each fault after which settling took too long.

    Raises whatever ``collect`` raises.
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
    """Inject the faults of a step directly after each other, heal them, and wait until the system has recovered.

    The system has recovered when it has settled everything in the log and every realm is open.
    """
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
        # After several failed starts, for example on a full disk, the supervisor gives up. So start the server here.
        supervisor.start(instance, server)
    if wait_for_settling(instance):
        for result in results:
            result.settled = time.monotonic()
    return results


def wait_for_settling(instance: Instance) -> bool:
    """Wait until all records that the log has now are settled and every realm is open.

    Returns whether that happened within RECOVERY_SECONDS.
    """
    ledger, ends = Ledger(connect(instance.settings())), dict[int, int]()

    def is_settled() -> bool:
        if not ends:  # read the end offsets here, so that a Kafka that is unreachable at first is asked again
            ends.update(end_offsets(instance.settings()))
        offsets = ledger.offsets(range(instance.realms))
        return all(offsets[realm] >= ends[realm] - 1 for realm in offsets) and all_open(instance)

    return wait_for(is_settled, RECOVERY_SECONDS)


def all_open(instance: Instance) -> bool:
    """Return whether every realm takes holds. Raises redis.RedisError."""
    admin = connect(instance.settings("admin"))
    run_id, ledger = admin.info("server")["run_id"], Ledger(admin)
    # After a restart of Redis, a realm looks open until the first client attaches to it. Attaching stores the server's
    # run id. So compare the stored run id with the server's, too.
    return all(
        admin.get(f"{hash_tag(realm)}:run") == run_id and not ledger.is_recovering(realm)
        for realm in range(instance.realms)
    )


def is_quiet(instance: Instance) -> bool:
    """Return whether the whole log is settled and landed, no hold is open, and every realm takes holds.

    Raises whatever the clients of the servers raise.
    """
    ledger = Ledger(connect(instance.settings()))
    return all(
        r.is_caught_up and not ledger.snapshot(r.realm).open_holds for r in pipeline_status.realm_progress(instance)
    ) and all_open(instance)
