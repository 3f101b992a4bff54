"""Finds the processes of an instance that faults are done to, all of them below the instance's own supervisor."""

from collections.abc import Callable

import psutil

from stack.instance import Instance
from stack.servers import supervisor

Find = Callable[[Instance], list[psutil.Process]]


def server(name: str) -> Find:
    """Finds the process that the supervisor has started, without its children."""

    def find(instance: Instance) -> list[psutil.Process]:
        pid = supervisor.processes(instance)[name]["pid"]
        return [psutil.Process(pid)] if pid and psutil.pid_exists(pid) else []

    return find


def whole_api(instance: Instance) -> list[psutil.Process]:
    """The API's main process and its workers."""
    return [member for main in server("api")(instance) for member in (main, *main.children(recursive=True))]


def api_worker(instance: Instance) -> list[psutil.Process]:
    """One of the processes that answer requests."""
    workers = [child for main in server("api")(instance) for child in main.children() if not _is_tracker(child)]
    return workers[:1]


def driver_jvm(instance: Instance) -> list[psutil.Process]:
    """The Java half of the streaming driver."""
    return [child for main in server("streaming")(instance) for child in main.children(True) if child.name() == "java"]


def python_worker(instance: Instance) -> list[psutil.Process]:
    """A process in which Spark runs Python functions; there is one only while, or shortly after, a batch lands."""
    found = [child for jvm in driver_jvm(instance) for child in jvm.children(True) if _is_spark_python(child)]
    return found[-1:]


def _is_tracker(process: psutil.Process) -> bool:
    # Python's own helper of multiprocessing: it answers no requests.
    return "resource_tracker" in " ".join(process.cmdline())


def _is_spark_python(process: psutil.Process) -> bool:
    return "pyspark.daemon" in process.cmdline()
