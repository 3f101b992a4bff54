"""The checker is checked: rules of the ledger are broken on purpose, and it must find exactly that.

The API, the ledger's functions in a real Redis, the keeper and the code of the settle query are the real ones. The log
is a list in memory that fails on purpose, and the archive is a stand-in in Python: the SQL is tested on Presto.
"""

import inspect
import itertools
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from pyspark.sql import Row

from api.app import create_app
from game.events import VOID, Event, encode
from infra.kafka.event_log import NotAppended
from load.checker.check import Archive, Finding, Record, check
from load.checker.collect import read_ledger
from load.checker.model import fold
from load.workload import history, runner
from state.ledger import Ledger
from state.library import LIBRARY, install_library
from streaming.queries import settle
from streaming.queries.recovery import RecoveryManager
from tests.conftest import RedisServer, eventually, serving

pytestmark = pytest.mark.redis

REALMS, PLAYERS, THREADS, ACTIONS = 2, 12, 4, 600
SEED = 4

# Holds end soon, so that a run sees voids. The order of the three is what counts: see Settings.
TIMES = {"delivery_seconds": 0.5, "hold_seconds": 1.5, "margin_seconds": 0.5}

SETTLE_SECONDS = 0.02  # between two batches: long enough for several actions of one player to be pending together

REPEATED = 0.2  # how often an old batch comes again after a new one, as after a crash of the driver

# What happens to the appends of an event: these in turn, in an order that the seed decides.
FATES = (
    *["appended"] * 24,
    *["acknowledgement lost"] * 3,  # it is in the log, and nobody is told; the retry appends it again
    *["twice"] * 2,
    "after garbage",
    "refused",  # for certain; a retry succeeds
)
# Purchases may be voided, too. Only they: a late one that is settled all the same leaves a player poorer and not
# richer, so that no other event is rejected because of it.
PURCHASES = frozenset({"sword_bought", "item_bought"})
FATES_OF_PURCHASES = (
    *FATES,
    *["never"] * 3,  # lost each time
    *["late"] * 3,  # lost each time, and the first arrives in the end, when there has long been a void
)


class FaultyLog:
    """A log in memory, one list a realm, that does to each event what its fate is."""

    def __init__(self) -> None:
        self.values: list[list[bytes]] = [[] for _ in range(REALMS)]
        self.late: list[Event] = []
        self._lock = threading.Lock()
        self._fates = shuffled(FATES)
        self._fates_of_purchases = shuffled(FATES_OF_PURCHASES)
        self._fate_of: dict[str, str] = {}

    def append(self, event: Event, done: Callable[[int | None], None]) -> None:
        with self._lock:
            known = event.id in self._fate_of
            fate = self._fate(event)
            if fate == "refused" and not known:
                raise NotAppended("told to")
            if fate in ("never", "late"):
                if fate == "late" and not known:
                    self.late.append(event)
                offset = None
            else:
                if fate == "after garbage":
                    self.values[event.realm].append(b"garbage")
                offset = self._write(event)
                if fate == "twice":
                    self._write(event)
                if fate == "acknowledgement lost" and not known:
                    offset = None
        done(offset)

    def ready(self) -> bool:
        return True

    def deliver_late(self) -> None:
        """The late events arrive now."""
        with self._lock:
            for event in self.late:
                self._write(event)

    def voided(self, realm: int) -> set[str]:
        """Ids of the void events in the log."""
        return {event.id for _, event in fold(realm, self.records(realm)).events if event.type == VOID}

    def records(self, realm: int, begin: int = 0, end: int | None = None) -> list[Record]:
        return [Record(offset, 1_000_000, value) for offset, value in enumerate(self.values[realm][begin:end], begin)]

    def _write(self, event: Event) -> int:
        self.values[event.realm].append(encode(event))
        return len(self.values[event.realm]) - 1

    def _fate(self, event: Event) -> str:
        if not event.transfers:
            return "appended"  # of voids and fences the keeper writes another one anyway
        fates = self._fates_of_purchases if event.type in PURCHASES else self._fates
        return self._fate_of.get(event.id) or self._fate_of.setdefault(event.id, next(fates))


def shuffled(fates: tuple[str, ...]) -> Iterator[str]:
    """The fates in an order that the seed decides, over and over."""
    return itertools.cycle(random.Random(SEED).sample(fates, len(fates)))


class Settler:
    """The settle query without Spark, and the keeper, in a thread. Old batches come again from time to time."""

    def __init__(self, ledger: Ledger, log: FaultyLog) -> None:
        self._ledger, self._log = ledger, log
        self._keeper = RecoveryManager(ledger, log, REALMS, install=lambda: None)
        self._rng = random.Random(SEED)
        self._done = [0] * REALMS
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Settler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def caught_up(self) -> bool:
        return self._done == [len(values) for values in self._log.values]

    def settle_the_first_half_again(self) -> None:
        for realm in range(REALMS):
            self._settle(realm, 0, self._done[realm] // 2)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._keeper.tick()
            for realm in range(REALMS):
                end = len(self._log.values[realm])
                self._settle(realm, self._done[realm], end)
                self._done[realm] = end
                if self._rng.random() < REPEATED:
                    self._settle(realm, *sorted(self._rng.randint(0, end) for _ in range(2)))
            self._stop.wait(SETTLE_SECONDS)

    def _settle(self, realm: int, begin: int, end: int) -> None:
        rows = [
            Row(partition=realm, offset=r.offset, at_ms=r.at_ms, value=r.value)
            for r in self._log.records(realm, begin, end)
        ]
        settle.settle_rows(lambda records: self._ledger.settle(realm, records), rows)


def python_archive(records: list[Record], realm: int) -> Archive:
    """Stands in for Presto: what its tables would hold and its SQL would compute."""
    books = fold(realm, records)
    return Archive(books.balances, [(offset, event.id) for offset, event in books.events])


def played(server: RedisServer, file: Path) -> list[Finding]:
    """What the checker finds after a run under faults that has healed."""
    keys = {"token_key": SecretStr("k" * 32), "operator_key": SecretStr("operator")}
    settings = server.settings("api").model_copy(update=TIMES | {"realms": REALMS} | keys)
    ledger, log, realms = Ledger(server.connection("settler"), settings), FaultyLog(), range(REALMS)
    app = create_app(settings, Ledger(server.connection("api"), settings), log)
    with Settler(ledger, log) as settler, serving(app) as url:
        eventually(lambda: not any(ledger.is_recovering(realm) for realm in realms))
        operations = runner.play(
            url, REALMS, PLAYERS, ACTIONS, SEED, file, THREADS, operator_key="operator", deadline_seconds=120
        )
        # Whether the ledger takes notice of a void or not: in the end there is one for each hold that is left.
        eventually(lambda: all(ledger.snapshot(realm).open_holds <= log.voided(realm) for realm in realms))
        log.deliver_late()
        eventually(settler.caught_up)
    settler.settle_the_first_half_again()
    assert history.read(file) == operations
    assert {o.outcome for o in operations} == {"success", "refused", "unknown"}
    records = {realm: log.records(realm) for realm in realms}
    asked = {o.event_id for o in operations if o.event_id}
    books = {realm: read_ledger(ledger, realm, asked | fold(realm, records[realm]).statuses.keys()) for realm in realms}
    return check(operations, records, books, {realm: python_archive(records[realm], realm) for realm in realms})


def mutated(source: str, *replacements: tuple[str, str]) -> str:
    """The source with each text replaced. Fails if a text is not there exactly once: then the source has changed, and
    the mutation may mutate nothing."""
    for old, new in replacements:
        assert source.count(old) == 1, f"{source.count(old)} times {old!r}"
        source = source.replace(old, new)
    return source


@pytest.fixture
def server(empty_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """A Redis whose library the test may replace. Clients are less patient than Retry-After asks, to save time."""
    monkeypatch.setattr(runner, "MAX_PAUSE_SECONDS", 0.3)
    yield empty_redis
    install_library(empty_redis.connection("admin"))


def test_nothing_is_found_when_no_rule_is_broken(server: RedisServer, tmp_path: Path) -> None:
    assert played(server, tmp_path / "history.jsonl") == []


# Another hold would be short of what is taken twice, gold or a piece of an edition: that would be another fault.
APPLY_TWICE = """
  local more_held = held(realm, 'player:' .. record.player, 'gold') > 0
  local scarce = string.find(cjson.encode(record.transfers), 'shop:', 1, true)
  if record.type == 'sword_bought' and not more_held and not scarce then apply(realm, record) end
"""

DROP_CLAIMS = """
    if event.type == "gold_claimed":
        return malformed_record(offset)
"""


@pytest.mark.parametrize(
    ("replacements", "kinds", "others"),
    [
        pytest.param(
            [("read(realm, owner, name) - held(realm, owner, name)", "read(realm, owner, name)")],
            {"rejected", "lost"},
            # The gold of a day is given twice, when the second claim is covered by what the first one has put back.
            {"claimed_twice"},
            id="holds ignored",
        ),
        pytest.param(
            [("record.offset > offset", "true"), ("record.offset ~= offset + 1", "false")],
            # Not doubled: what comes again is known by its id, too. But the ledger claims to be where it is not.
            {"offset_gap", "stale_read"},
            set(),
            id="offset check removed",
        ),
        pytest.param(
            [
                (
                    "if is_final(status, line) then return 'dup",
                    "if record.type == 'void' or is_final(status, line) then return 'dup",
                )
            ],
            {"unresolved", "both", "ledger_differs"},
            {"wrong_history"},  # of who reads it in the end, when the late event counts all the same
            id="void ignored",
        ),
        pytest.param(
            [
                (
                    "  remember(realm, record, outcome, concerned(record))\n",
                    "  remember(realm, record, outcome, concerned(record))\n" + APPLY_TWICE,
                )
            ],
            {"doubled", "ledger_differs", "stale_read"},
            # Of a sword that only the ledger has, and that is sold, given away or used.
            {"rejected", "lost", "status_differs", "wrong_history"},
            id="an event applied twice",
        ),
    ],
)
def test_a_broken_rule_of_the_ledger_is_found(
    server: RedisServer, tmp_path: Path, replacements: list[tuple[str, str]], kinds: set[str], others: set[str]
) -> None:
    """It must be found by these kinds, and by no further ones than others, which depend on who meets whom."""
    server.connection("admin").function_load(mutated(LIBRARY.read_text(), *replacements), replace=True)
    found = {finding.kind for finding in played(server, tmp_path / "history.jsonl")}
    assert kinds <= found <= kinds | others


def test_an_event_dropped_by_the_settle_query_is_found(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = mutated(
        inspect.getsource(settle.judged_record),
        ("    return settle_record(", DROP_CLAIMS + "    return settle_record("),
    )
    namespace = dict(vars(settle))
    exec(source, namespace)  # noqa: S102 - the source is ours
    monkeypatch.setattr(settle, "judged_record", namespace["judged_record"])
    findings = played(server, tmp_path / "history.jsonl")
    # Its hold is voided in the end, although the log has settled it; and then the player may claim again.
    kinds = {"lost", "both", "ledger_differs", "stale_read"}
    assert kinds <= {finding.kind for finding in findings} <= kinds | {"wrong_history", "claimed_twice"}
