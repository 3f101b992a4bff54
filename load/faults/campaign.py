"""A campaign: players play while faults are done to every server; then everything is healed and audited."""

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
from load.faults.injectors import Fault, wait_for
from load.faults.schedule import LONGEST_PAUSE_SECONDS, order, steps
from load.workload.history import Operation
from load.workload.runner import play
from stack.instance import Instance
from stack.operations import pipeline_status
from stack.servers import lifecycle, supervisor
from state.connection import connect, hash_tag
from state.ledger import Ledger

RECOVERY_SECONDS = 180.0  # from the end of a fault until all that was accepted is settled; more is a finding
QUIET_SECONDS = 300.0  # until all is landed and no hold is open, at the end: voids wait for the deadlines of holds
PLAY_SECONDS = 300.0  # of one segment of play: far more than it takes, unless nothing is accepted any more
SHARE_SECONDS = 60.0  # for what is to be played between two faults; a slow machine plays the rest afterwards
SEGMENT_TURNS = 25  # of each player, between two looks whether the campaign is over: a life, see load.workload.runner

Report = Callable[[int, int, str], None]  # is told how many faults and operations are done, and what is done now


@dataclass(frozen=True)
class CampaignConfig:
    """The size of a campaign: players at the same time, their least number of turns, and the number of faults."""

    players: int
    actions: int
    faults: int
    seed: int | None = None
    # Threads of the workload: more would only take the two cores from the servers under test.
    threads: int = 12


@dataclass
class InjectionResult:
    """A fault that was done: moments are seconds of the monotonic clock. ``skipped`` says why it was not done."""

    fault: str
    began: float
    done: float = 0.0
    settled: float | None = None
    together: bool = False  # with the one before
    skipped: str = ""


@dataclass
class Campaign:
    """What was done and what came of it. ``seconds`` is how long it took, from ``began`` on the monotonic clock."""

    seed: int
    began: float
    results: list[InjectionResult] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    totals: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def accepting(self, outcome: InjectionResult) -> float | None:
        """Seconds from the begin of the fault until each realm had accepted an action that was sent after it."""
        firsts: dict[int, float] = {}
        for o in self.operations:
            if o.outcome == "success" and o.event_id and o.begun >= outcome.done:
                firsts[o.realm] = min(o.ended, firsts.get(o.realm, o.ended))
        complete = firsts.keys() >= {o.realm for o in self.operations}
        return max(firsts.values()) - outcome.began if complete and firsts else None


class Load:
    """Players who play, segment after segment, until they are told to stop and have taken ``actions`` turns."""

    def __init__(self, instance: Instance, players: int, actions: int, seed: int, threads: int) -> None:
        self.operations: list[Operation] = []
        self._instance, self._players, self._actions, self._seed = instance, players, actions, seed
        self._threads = threads
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._play_on)
        self._error: Exception | None = None
        self._segment = 0

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()
        if self._error:
            raise self._error

    @property
    def count(self) -> int:
        """How many operations have ended."""
        return len(self.operations) + self._segment

    def wait_for(self, count: int) -> None:
        """Return when so many operations have ended, or when that takes too long."""
        wait_for(lambda: self.count >= count, SHARE_SECONDS)

    def _play_on(self) -> None:
        turns, number = 0, 0
        folder = self._instance.folder("faults")
        try:
            while turns < self._actions or not self._enough.is_set():
                number += 1
                self.operations += play(
                    self._instance.settings().api_url,
                    self._instance.realms,
                    self._players,
                    self._players * SEGMENT_TURNS,
                    self._seed + number,
                    folder / f"history-{number:03}.jsonl",
                    self._threads,
                    operator_key=self._instance.secrets["operator_key"],
                    deadline_seconds=PLAY_SECONDS,
                    progress=self._note,
                )
                self._segment = 0
                turns += self._players * SEGMENT_TURNS
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits for the end
            self._error = error

    def _note(self, ended: int) -> None:
        self._segment = ended


def run_campaign(
    instance: Instance, config: CampaignConfig, report: Report, before: Sequence[Operation] = ()
) -> Campaign:
    """Play while faults are injected, heal the servers, wait until all is settled and landed, and check.

    The instance is up, and nothing but ``before`` was played on it. Raises OperatorError if a server does not come
    back, and whatever the check raises."""
    seed = config.seed or 0
    rng = random.Random(seed)  # noqa: S311 - repeatable, not a secret
    campaign = Campaign(seed, time.monotonic())
    count = config.faults
    planned = order(injectors.catalogue(instance.settings(), rng), count, rng)
    with Load(instance, config.players, config.actions, seed, config.threads) as load:
        for step in steps(planned, rng):
            # Spread the faults over the play: otherwise the second half of the play is undisturbed.
            load.wait_for(config.actions * len(campaign.results) // count)
            time.sleep(rng.uniform(0, LONGEST_PAUSE_SECONDS))
            report(len(campaign.results), load.count, " and ".join(fault.name for fault in step))
            campaign.results += inject_step(instance, step)
        report(count, load.count, "playing to the end")
    campaign.operations = [*before, *load.operations]
    report(count, load.count, "waiting until everything is settled and landed")
    lifecycle.up(instance, Console(quiet=True))
    if not wait_for(lambda: is_quiet(instance), QUIET_SECONDS):
        campaign.findings.append(Finding("not_quiet", -1, f"{pipeline_status.realm_progress(instance)}"))
    report(count, load.count, "checking")
    judge(instance, campaign)
    campaign.seconds = time.monotonic() - campaign.began
    return campaign


def judge(instance: Instance, campaign: Campaign) -> None:
    """Add the findings of the audit, and what did not recover in time. Raises what the audit raises."""
    settings = instance.settings()
    ledger = Ledger(connect(settings), settings)
    campaign.findings += collect(settings, ledger, campaign.operations, lambda realm, at: archive(settings, realm, at))
    campaign.findings += [
        Finding("not_recovered", -1, f"not all was settled {RECOVERY_SECONDS:.0f} s after: {outcome.fault}")
        for outcome in campaign.results
        if outcome.settled is None
    ]
    for realm in range(instance.realms):
        campaign.totals.update(ledger.totals(realm))


def inject_step(instance: Instance, step: Sequence[Fault]) -> list[InjectionResult]:
    """Do the faults of a step at once, heal them, and wait until all that was accepted by then is settled."""
    outcomes: list[InjectionResult] = []
    try:
        for fault in step:
            outcome = InjectionResult(fault.name, time.monotonic(), together=bool(outcomes))
            outcomes.append(outcome)
            try:
                fault.inject(instance)
            except (injectors.Skipped, redis.RedisError, KafkaError, OSError) as why:
                outcome.skipped = str(why)
            outcome.done = time.monotonic()
        time.sleep(max(fault.lasts for fault in step))
    finally:
        for fault in step:
            fault.heal(instance)
    for server in ("redis", "kafka"):
        supervisor.start(instance, server)  # the supervisor gives up on a server that cannot start on a full disk
    if wait_for_settling(instance):
        for outcome in outcomes:
            outcome.settled = time.monotonic()
    return outcomes


def wait_for_settling(instance: Instance) -> bool:
    """Whether all that is in the log now is settled in time, with every realm open."""
    ledger, goal = Ledger(connect(instance.settings())), dict[int, int]()

    def reached() -> bool:
        if not goal:
            goal.update(end_offsets(instance.settings()))
        offsets = ledger.offsets(range(instance.realms))
        return all(offsets[n] >= goal[n] - 1 for n in offsets) and all_open(instance)

    return wait_for(reached, RECOVERY_SECONDS)


def all_open(instance: Instance) -> bool:
    """Whether holds may be taken in every realm. Raises redis.RedisError."""
    admin = connect(instance.settings("admin"))
    run_id, ledger = admin.info("server")["run_id"], Ledger(admin)
    # A Redis that was restarted looks open until the first one who attaches sees that it was.
    return all(
        admin.get(f"{hash_tag(n)}:run") == run_id and not ledger.is_recovering(n) for n in range(instance.realms)
    )


def is_quiet(instance: Instance) -> bool:
    """Whether the log is settled and landed to its end and no hold is open. Raises what the servers' clients raise."""
    ledger = Ledger(connect(instance.settings()))
    return all(
        r.is_caught_up and not ledger.snapshot(r.realm).open_holds for r in pipeline_status.realm_progress(instance)
    ) and all_open(instance)
