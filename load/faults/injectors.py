"""Define the faults that a campaign injects into the real servers of an instance.

A campaign injects a fault, lets it last for some time, and heals it. Afterwards the system must recover without help.
For example, the supervisor restarts a killed process; the campaign does not. Two faults may be injected at the same
time if they disturb different servers.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil
from rich.console import Console

from infra.paths import ROOT
from infra.settings import Settings
from load.faults import processes, rogue_producer, small_disks
from load.faults.processes import Find
from load.progress import wait_for
from stack.instance import Instance
from stack.servers import lifecycle, supervisor
from state.connection import TIMEOUT_SECONDS, connect
from state.ledger import Ledger

PAUSE_SECONDS = 4.0  # duration of a Kafka pause: longer than the timeout of a single request to Kafka
FULL_SECONDS = 8.0  # time for which a disk stays full: long enough for a few hundred write attempts

# The longest wait for a process that does not run all the time. For example, Spark's Python workers exist only during a
# landing, and the land query may first have to start again.
APPEAR_SECONDS = 60.0

# Number of records that the log gains after the copy of Redis is made: enough that players have acted meanwhile.
OLDER_RECORDS = 60

SECOND_SETTLER_SECONDS = 8.0  # time for which two settle queries run: long enough for dozens of micro-batches
READY_SECONDS = 90.0  # the longest wait until a JVM has started on a busy machine

EVERY_SERVER = "every server"  # value of ``Fault.server`` for a fault that must not be combined with another one


class Skipped(Exception):
    """The fault cannot be injected into this instance; the message says why."""


class Fault(Protocol):
    """A fault that a campaign can inject.

    ``name`` is shown to people, ``server`` names the server that the fault disturbs, and ``duration_seconds`` is the
    time between injecting and healing.
    """

    name: str
    server: str
    duration_seconds: float

    def inject(self, instance: Instance) -> None:
        """Inject the fault, and return as soon as it has taken effect. Raises Skipped if that is not possible."""

    def heal(self, instance: Instance) -> None:
        """Undo the fault without waiting for recovery, or do nothing if the fault was not injected."""


class SelfHealing:
    """Base class of the faults that the system repairs by itself."""

    def heal(self, instance: Instance) -> None:
        """Do nothing, because the supervisor restarts killed processes and the streams restore lost data."""


@dataclass
class Kill(SelfHealing):
    """Kill processes with SIGKILL; the program that started them starts them again."""

    name: str
    server: str
    find: Find
    duration_seconds: float = 0.0

    def inject(self, instance: Instance) -> None:
        for process in find_some(instance, self.find, self.name):
            process.kill()


@dataclass
class Pause:
    """Pause processes with SIGSTOP, and let them continue with SIGCONT after some time."""

    name: str
    server: str
    find: Find
    duration_seconds: float
    _stopped: list[psutil.Process] = field(default_factory=list)

    def inject(self, instance: Instance) -> None:
        self._stopped = find_some(instance, self.find, self.name)
        for process in self._stopped:
            process.send_signal(signal.SIGSTOP)

    def heal(self, instance: Instance) -> None:  # noqa: ARG002 - the processes are known already
        for process in self._stopped:
            if process.is_running():
                process.send_signal(signal.SIGCONT)
        self._stopped = []


@dataclass
class Outage:
    """Stop a server, and start it again after some time."""

    name: str
    server: str
    duration_seconds: float

    def inject(self, instance: Instance) -> None:
        supervisor.stop(instance, self.server)

    def heal(self, instance: Instance) -> None:
        supervisor.start(instance, self.server)


@dataclass
class OlderRedis(Outage):
    """Stop Redis, replace its data by an older copy, and start Redis again."""

    name: str = "Redis restored from an older copy"
    server: str = "redis"
    duration_seconds: float = 0.0

    def inject(self, instance: Instance) -> None:
        data, copy = instance.folder("data", self.server), instance.home / "run" / "redis-copy"
        shutil.rmtree(copy, ignore_errors=True)
        redis = find_some(instance, processes.server(self.server), self.name)[0]
        # Redis is paused while its files are copied, so that they are consistent with each other. A copy of files from
        # one moment is valid, because Redis only appends to them.
        redis.send_signal(signal.SIGSTOP)
        try:
            shutil.copytree(data, copy)
        finally:
            redis.send_signal(signal.SIGCONT)
        goal = settled(instance) + OLDER_RECORDS
        wait_for(lambda: settled(instance) >= goal, READY_SECONDS)
        super().inject(instance)
        empty(data)
        shutil.copytree(copy, data, dirs_exist_ok=True)


@dataclass
class EmptyRedis(Outage):
    """Stop Redis, delete its data, which includes the ledger's functions, and start Redis again."""

    name: str = "Redis without its data"
    server: str = "redis"
    duration_seconds: float = 0.0

    def inject(self, instance: Instance) -> None:
        super().inject(instance)
        empty(instance.folder("data", self.server))


@dataclass
class FlushedRedis(SelfHealing):
    """Delete all keys in Redis with FLUSHALL, like an administrator who is connected to the wrong server."""

    name: str = "Redis wiped by FLUSHALL"
    server: str = "redis"
    duration_seconds: float = 0.0

    def inject(self, instance: Instance) -> None:
        connect(instance.settings("admin")).flushall()


@dataclass
class LostCheckpoints(SelfHealing):
    """Delete the checkpoints of the streams, then kill the streaming driver."""

    name: str = "Spark's checkpoints deleted, driver killed"
    server: str = "streaming"
    duration_seconds: float = 0.0

    def inject(self, instance: Instance) -> None:
        empty(instance.folder("run", "spark"))
        for process in find_some(instance, processes.server(self.server), self.name):
            process.kill()


@dataclass
class SecondSettler:
    """Run a second settle query at the same time as the instance's own."""

    name: str = "two settle queries at once"
    server: str = EVERY_SERVER  # the second query can start only while all servers work
    duration_seconds: float = SECOND_SETTLER_SECONDS
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
            raise Skipped(f"the second settle query did not start within {READY_SECONDS:.0f} s")

    def heal(self, instance: Instance) -> None:  # noqa: ARG002 - the campaign started the process itself
        if self._process is None:
            return
        for process in psutil.Process(self._process.pid).children(recursive=True):
            process.kill()
        self._process.kill()
        self._process.wait()
        self._process = None


@dataclass
class Garbage(SelfHealing):
    """Write records into the topic like a foreign program. These records stay in the topic."""

    rng: random.Random
    name: str = "garbage, forgeries and duplicates in the topic"
    server: str = "kafka"
    duration_seconds: float = 0.0

    def inject(self, instance: Instance) -> None:
        rogue_producer.write(instance.settings(), self.rng)


@dataclass
class FullDisk:
    """Fill the disk of a server, and enlarge it after some time."""

    name: str
    server: str
    duration_seconds: float = FULL_SECONDS

    def inject(self, instance: Instance) -> None:
        if not small_disks.is_mounted(instance, self.server):
            raise Skipped(f"{self.server} has no small disk, which only root can mount")
        small_disks.fill(instance, self.server)

    def heal(self, instance: Instance) -> None:
        if small_disks.is_mounted(instance, self.server):
            small_disks.enlarge(instance, self.server)


def catalogue(settings: Settings, rng: random.Random) -> list[Fault]:
    """Return one fault of each kind."""
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


def find_some(instance: Instance, find: Find, fault: str) -> list[psutil.Process]:
    """Wait until ``find`` finds at least one process, and return what it found. Raises Skipped if none appears."""
    found: list[psutil.Process] = []

    def has_found() -> bool:
        found[:] = find(instance)
        return bool(found)

    if not wait_for(has_found, APPEAR_SECONDS):
        raise Skipped(f"no process appeared within {APPEAR_SECONDS:.0f} s for: {fault}")
    return found


def settled(instance: Instance) -> int:
    """Return the sum of the ledger's offsets over all realms."""
    return sum(Ledger(connect(instance.settings())).offsets(range(instance.realms)).values())


def empty(folder: Path) -> None:
    """Delete the content of a folder, but not the folder itself, because a small disk may be mounted there."""
    for child in folder.iterdir():
        if child.is_dir():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink(missing_ok=True)
