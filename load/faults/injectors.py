"""The faults that a campaign does to the real servers of an instance.

Each is done, lasts, and is healed; what follows is the system's own work. A killed process is healed by its supervisor,
not by us. Faults of different servers may be done at the same time.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil
from rich.console import Console

from infra.paths import ROOT
from infra.settings import Settings
from load.faults import processes, rogue_producer, small_disks
from load.faults.processes import Find
from stack.instance import Instance
from stack.servers import lifecycle, supervisor
from state.connection import TIMEOUT_SECONDS, connect
from state.ledger import Ledger

PAUSE_SECONDS = 4.0  # of a paused broker: longer than a request to it may take
FULL_SECONDS = 8.0  # of a full disk: a few hundred writes
APPEAR_SECONDS = 60.0  # for a process that comes and goes: landing, for one, may have to start again first
OLDER_RECORDS = 60  # by how many settled records a restored Redis is older than the log
SECOND_SETTLER_SECONDS = 8.0  # both settle queries at work: some dozens of micro-batches
READY_SECONDS = 90.0  # for a JVM that starts on a machine that is busy

EVERY_SERVER = "every server"  # that no other fault may accompany


class Skipped(Exception):
    """The fault cannot be done here and now; the message says why."""


class Fault(Protocol):
    """``name`` is for people, ``server`` is what it disturbs, and it ``lasts`` so many seconds before it is healed."""

    name: str
    server: str
    lasts: float

    def inject(self, instance: Instance) -> None:
        """Do it; returns when it is done. Raises Skipped."""

    def heal(self, instance: Instance) -> None:
        """Undo it; returns at once. Nothing happens if it was not done."""


@dataclass
class Kill:
    """kill -9, of processes that come back by themselves."""

    name: str
    server: str
    find: Find
    lasts: float = 0.0

    def inject(self, instance: Instance) -> None:
        for process in find_some(instance, self.find, self.name):
            process.kill()

    def heal(self, instance: Instance) -> None:
        """Whoever has started the process starts it again."""


@dataclass
class Pause:
    """SIGSTOP, and SIGCONT a while later."""

    name: str
    server: str
    find: Find
    lasts: float
    _stopped: list[psutil.Process] = field(default_factory=list)

    def inject(self, instance: Instance) -> None:
        self._stopped = find_some(instance, self.find, self.name)
        for process in self._stopped:
            process.send_signal(signal.SIGSTOP)

    def heal(self, instance: Instance) -> None:  # noqa: ARG002 - the processes know what they belong to
        for process in self._stopped:
            if process.is_running():
                process.send_signal(signal.SIGCONT)
        self._stopped = []


@dataclass
class Outage:
    """A server that is down for a while."""

    name: str
    server: str
    lasts: float

    def inject(self, instance: Instance) -> None:
        supervisor.stop(instance, self.server)

    def heal(self, instance: Instance) -> None:
        supervisor.start(instance, self.server)


@dataclass
class OlderRedis:
    """Redis comes back as it was some time ago."""

    name: str = "Redis restored from an older copy"
    server: str = "redis"
    lasts: float = 0.0

    def inject(self, instance: Instance) -> None:
        data, copy = instance.folder("data", "redis"), instance.home / "run" / "redis-copy"
        shutil.rmtree(copy, ignore_errors=True)
        redis = find_some(instance, processes.server("redis"), self.name)[0]
        # Nothing is written meanwhile, so that the files fit together; and Redis only ever appends to them.
        redis.send_signal(signal.SIGSTOP)
        try:
            shutil.copytree(data, copy)
        finally:
            redis.send_signal(signal.SIGCONT)
        goal = settled(instance) + OLDER_RECORDS
        wait_for(lambda: settled(instance) >= goal, READY_SECONDS)
        supervisor.stop(instance, "redis")
        empty(data)
        shutil.copytree(copy, data, dirs_exist_ok=True)

    def heal(self, instance: Instance) -> None:
        supervisor.start(instance, "redis")


@dataclass
class FlushedRedis:
    """FLUSHALL, by an administrator who thought this was another server."""

    name: str = "Redis wiped by FLUSHALL"
    server: str = "redis"
    lasts: float = 0.0

    def inject(self, instance: Instance) -> None:
        connect(instance.settings("admin")).flushall()

    def heal(self, instance: Instance) -> None:
        """The streams repair it."""


@dataclass
class EmptyRedis:
    """Redis comes back without its data, and so without the ledger's functions."""

    name: str = "Redis without its data"
    server: str = "redis"
    lasts: float = 0.0

    def inject(self, instance: Instance) -> None:
        supervisor.stop(instance, "redis")
        empty(instance.folder("data", "redis"))

    def heal(self, instance: Instance) -> None:
        supervisor.start(instance, "redis")


@dataclass
class LostCheckpoints:
    """The streams' checkpoints are gone, and then the driver dies."""

    name: str = "Spark's checkpoints deleted, driver killed"
    server: str = "streaming"
    lasts: float = 0.0

    def inject(self, instance: Instance) -> None:
        empty(instance.folder("run", "spark"))
        for process in find_some(instance, processes.server("streaming"), self.name):
            process.kill()

    def heal(self, instance: Instance) -> None:
        """The supervisor starts the driver."""


@dataclass
class SecondSettler:
    """Two settle queries at once."""

    name: str = "two settle queries at once"
    server: str = EVERY_SERVER  # the second one starts only if all is well
    lasts: float = SECOND_SETTLER_SECONDS
    _process: subprocess.Popen[bytes] | None = None

    def inject(self, instance: Instance) -> None:
        streaming = next(s for s in lifecycle.prepare(instance, Console(quiet=True)) if s.name == "streaming")
        ready = instance.home / "run" / "second.ready"
        ready.unlink(missing_ok=True)
        environment = os.environ | streaming.environment
        environment |= {"GUILDHALL_SPARK_UI_PORT": "0", "GUILDHALL_READY_FILE": str(ready)}
        environment |= {supervisor.MARK: str(instance.home)}
        with (instance.folder("logs") / "second_settler.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "load.faults.second_settler"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        if not wait_for(ready.exists, READY_SECONDS):
            self.heal(instance)
            raise Skipped(f"the second one does not start within {READY_SECONDS:.0f} s")

    def heal(self, instance: Instance) -> None:  # noqa: ARG002 - it is ours, whatever the instance
        if self._process is None:
            return
        for process in psutil.Process(self._process.pid).children(recursive=True):
            process.kill()
        self._process.kill()
        self._process.wait()
        self._process = None


@dataclass
class Garbage:
    """Somebody else writes into the topic."""

    rng: random.Random
    name: str = "garbage, forgeries and duplicates in the topic"
    server: str = "kafka"
    lasts: float = 0.0

    def inject(self, instance: Instance) -> None:
        rogue_producer.write(instance.settings(), self.rng)

    def heal(self, instance: Instance) -> None:
        """The records stay where they are."""


@dataclass
class FullDisk:
    """No room for what a server wants to write."""

    name: str
    server: str
    lasts: float = FULL_SECONDS

    def inject(self, instance: Instance) -> None:
        if not small_disks.is_mounted(instance, self.server):
            raise Skipped("only root can give it a small disk")
        small_disks.fill(instance, self.server)

    def heal(self, instance: Instance) -> None:
        if small_disks.is_mounted(instance, self.server):
            small_disks.enlarge(instance, self.server)


def catalogue(settings: Settings, rng: random.Random) -> list[Fault]:
    """One of each kind."""
    longer_than_a_hold, longer_than_a_delivery = settings.hold_seconds + 1, settings.delivery_seconds + 2
    return [
        Kill("kill -9 of an API worker", "api", processes.api_worker),
        Kill("kill -9 of the whole API", "api", processes.whole_api),
        Kill("kill -9 of Kafka", "kafka", processes.server("kafka")),
        Kill("kill -9 of Redis", "redis", processes.server("redis")),
        Kill("kill -9 of the streaming driver", "streaming", processes.server("streaming")),
        Kill("kill -9 of the driver's JVM", "streaming", processes.driver_jvm),
        Kill("kill -9 of a Spark Python worker", "streaming", processes.python_worker),
        Kill("kill -9 of the DataNode", "datanode", processes.server("datanode")),
        Kill("kill -9 of the NameNode", "namenode", processes.server("namenode")),
        Kill("kill -9 of Presto", "presto", processes.server("presto")),
        Pause("pause of an API worker", "api", processes.api_worker, longer_than_a_hold),
        Pause("pause of Kafka", "kafka", processes.server("kafka"), PAUSE_SECONDS),
        Pause("pause of Redis", "redis", processes.server("redis"), TIMEOUT_SECONDS + 1),
        Outage("Kafka down for longer than a delivery", "kafka", longer_than_a_delivery),
        OlderRedis(),
        FlushedRedis(),
        EmptyRedis(),
        LostCheckpoints(),
        SecondSettler(),
        Garbage(rng),
        FullDisk("full disk of Kafka", "kafka"),
        FullDisk("full disk of Redis", "redis"),
    ]


def find_some(instance: Instance, find: Find, what: str) -> list[psutil.Process]:
    """The processes, waited for if there are none. Raises Skipped."""
    found: list[psutil.Process] = []

    def look() -> bool:
        found[:] = find(instance)
        return bool(found)

    if not wait_for(look, APPEAR_SECONDS):
        raise Skipped(f"no process within {APPEAR_SECONDS:.0f} s for: {what}")
    return found


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition has come true in time; what it raises counts as not yet."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        with contextlib.suppress(Exception):  # in the middle of faults any client may raise anything
            if condition():
                return True
        time.sleep(0.1)
    return False


def settled(instance: Instance) -> int:
    """The sum of all realms' offsets."""
    return sum(Ledger(connect(instance.settings())).offsets(range(instance.realms)).values())


def empty(folder: Path) -> None:
    """Remove what is in the folder, but not the folder: it may be a disk of its own."""
    for child in folder.iterdir():
        if child.is_dir():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink(missing_ok=True)
