"""Break rules of the ledger on purpose, and expect that the checker finds exactly these breaks.

The API, the ledger's functions in Redis, recovery and the code of the settle query are the real ones. The log is a list
in memory that fails on purpose. A stand-in in Python replaces the archive, because other tests run the SQL on Presto.
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
from tests.support.http_server import serving
from tests.support.redis_server import RedisServer
from tests.support.waiting import eventually

REALMS, PLAYERS, THREADS = 2, 12, 4

ACTIONS, NIGHTLY_ACTIONS = 150, 600  # number of actions by all players together

SEED = 4

# The deadlines are short, so that holds expire and are voided during a run. The exact values do not matter, but their
# order does: see Settings.
TIMES = {"delivery_seconds": 0.5, "hold_seconds": 1.5, "margin_seconds": 0.5}

# Pause between two batches of the settle query. It is long enough that several actions by one player are pending at the
# same time.
SETTLE_SECONDS = 0.02

REPEATED = 0.2  # share of batches after which an old batch is settled again, as happens after the driver crashes

# Fates that the log gives to events. Each event gets the next fate from the shuffled list, and the seed decides the
# order. About every second event has a faulty append, so that even a short run includes every kind of fault.
FATES = (
    *["appended"] * 8,
    *["acknowledgement lost"] * 3,  # the event is in the log, but no response comes; the retry appends it again
    *["twice"] * 2,
    "after garbage",
    "refused",  # the event is certainly not appended; a retry succeeds
)

# Event types that may be voided. If a late purchase is settled despite its void, the player becomes poorer and not
# richer. Therefore a late purchase does not cause other events to be rejected.
PURCHASES = frozenset({"sword_bought", "item_bought"})

FATES_OF_PURCHASES = (
    *FATES,
    *["never"] * 3,  # every append is lost
    *["late"] * 3,  # every append is lost, but the first one arrives at the end of the run, long after the void
)


class FaultyLog:
    """A log in memory that gives each event a fate. It keeps one list of records for each realm."""

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
        """Append the events whose fate is to arrive late."""
        with self._lock:
            for event in self.late:
                self._write(event)

    def voided(self, realm: int) -> set[str]:
        """Return the ids of the void events in the log."""
        return {event.id for _, event in fold(realm, self.records(realm)).events if event.type == VOID}

    def records(self, realm: int, begin: int = 0, end: int | None = None) -> list[Record]:
        return [Record(offset, 1_000_000, value) for offset, value in enumerate(self.values[realm][begin:end], begin)]

    def _write(self, event: Event) -> int:
        self.values[event.realm].append(encode(event))
        return len(self.values[event.realm]) - 1

    def _fate(self, event: Event) -> str:
        if not event.transfers:
            return "appended"  # voids and fences need no fault, because recovery repeats them anyway
        fates = self._fates_of_purchases if event.type in PURCHASES else self._fates
        return self._fate_of.get(event.id) or self._fate_of.setdefault(event.id, next(fates))


def shuffled(fates: tuple[str, ...]) -> Iterator[str]:
    """Return an endless iterator over the fates. The seed decides their order, and the order repeats."""
    return itertools.cycle(random.Random(SEED).sample(fates, len(fates)))


class Settler:
    """A thread that runs recovery and the settle query without Spark.

    From time to time it settles an old batch again.
    """

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
    """Compute in Python the archive that Presto would return."""
    books = fold(realm, records)
    return Archive(books.balances, [(offset, event.id) for offset, event in books.events])


def played(server: RedisServer, file: Path, actions: int) -> list[Finding]:
    """Play with faults, wait until everything has healed, and return the findings."""
    keys = {"token_key": SecretStr("k" * 32), "operator_key": SecretStr("operator")}
    settings = server.settings("api").model_copy(update=TIMES | {"realms": REALMS} | keys)
    ledger, log, realms = Ledger(server.connection("settler"), settings), FaultyLog(), range(REALMS)
    app = create_app(settings, Ledger(server.connection("api"), settings), log)
    with Settler(ledger, log) as settler, serving(app) as url:
        eventually(lambda: not any(ledger.is_recovering(realm) for realm in realms))
        operations = runner.play(
            url, REALMS, PLAYERS, actions, SEED, file, THREADS, operator_key="operator", deadline_seconds=120
        )
        # Wait until the log has a void for each hold that is left, even if a mutated ledger ignores the void.
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
    """Replace each text in the source. Fails if a text does not occur exactly once in it.

    If a text does not occur, the source has changed since the mutation was written. The mutation would have no effect.
    """
    for old, new in replacements:
        assert source.count(old) == 1, f"{source.count(old)} times {old!r}"
        source = source.replace(old, new)
    return source


@pytest.fixture
def server(empty_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """Return a Redis whose library the test may replace.

    To save time, clients wait for less time than Retry-After asks.
    """
    monkeypatch.setattr(runner, "MAX_PAUSE_SECONDS", 0.3)
    yield empty_redis
    install_library(empty_redis.connection("admin"))


@pytest.fixture(scope="module")
def actions(nightly: bool) -> int:
    return NIGHTLY_ACTIONS if nightly else ACTIONS


def test_unbroken_ledger_has_no_findings(server: RedisServer, tmp_path: Path, actions: int) -> None:
    assert played(server, tmp_path / "history.jsonl", actions) == []


# Lua code that applies a purchase twice. It leaves out a purchase if another hold needs the player's gold, or if the
# item is an edition. In those cases another event would be rejected, which is another kind of finding.
APPLY_TWICE = """
  local more_held = held(realm, 'player:' .. record.player, 'gold') > 0
  local scarce = string.find(cjson.encode(record.transfers), 'shop:', 1, true)
  if record.type == 'sword_bought' and not more_held and not scarce then apply(realm, record) end
"""

DROP_CLAIMS = """
    if event.type == "gold_claimed":
        return encode_malformed_record(offset)
"""


@pytest.mark.parametrize(
    ("replacements", "kinds", "others"),
    [
        pytest.param(
            [("read(realm, owner, name) - held(realm, owner, name)", "read(realm, owner, name)")],
            {"rejected", "lost_write"},
            # A second claim on one day may be covered by the amount that the first claim has put back.
            {"claimed_twice"},
            id="holds ignored",
        ),
        pytest.param(
            [("record.offset > offset", "true"), ("record.offset ~= offset + 1", "false")],
            # No write is doubled, because the ledger recognises a repeated event by its id. But the ledger reports a
            # wrong offset.
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
            {"unresolved", "status_conflict", "ledger_differs"},
            # The late event takes effect despite its void. A player who reads the history after that finds it changed.
            {"inconsistent_history"},
            id="void ignored",
        ),
        pytest.param(
            [
                (
                    "  store_status(realm, record, outcome, affected_players(record))\n",
                    "  store_status(realm, record, outcome, affected_players(record))\n" + APPLY_TWICE,
                )
            ],
            {"duplicated_write", "ledger_differs", "stale_read"},
            # These are found if a player sells, gives away or uses a sword that exists only in the ledger.
            {"rejected", "lost_write", "status_differs", "inconsistent_history"},
            id="an event applied twice",
        ),
    ],
)
def test_broken_rule_of_the_ledger_is_found(
    server: RedisServer,
    tmp_path: Path,
    actions: int,
    replacements: list[tuple[str, str]],
    kinds: set[str],
    others: set[str],
) -> None:
    """The checker finds all of ``kinds``. It may also find some of ``others``.

    Whether it does depends on the order in which the actions of the players happen.
    """
    server.connection("admin").function_load(mutated(LIBRARY.read_text(), *replacements), replace=True)
    found = {finding.kind for finding in played(server, tmp_path / "history.jsonl", actions)}
    assert kinds <= found <= kinds | others


def test_event_dropped_by_the_settle_query_is_found(
    server: RedisServer, tmp_path: Path, actions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = mutated(
        inspect.getsource(settle.to_settle_record),
        ("    return encode_settle_record(", DROP_CLAIMS + "    return encode_settle_record("),
    )
    namespace = dict(vars(settle))
    exec(source, namespace)  # noqa: S102 - the source is our own code
    monkeypatch.setattr(settle, "to_settle_record", namespace["to_settle_record"])
    findings = played(server, tmp_path / "history.jsonl", actions)
    # The ledger never applies the dropped event, although the log contains it. So the hold is voided at the end of the
    # game instead of being settled, and the player may claim again. The checker finds a stale read only if a player
    # reads an inventory after the dropped event; a short game may contain no such read.
    kinds = {"lost_write", "status_conflict", "ledger_differs"}
    possible = kinds | {"stale_read", "inconsistent_history", "claimed_twice"}
    assert kinds <= {finding.kind for finding in findings} <= possible
