"""Find the processes that faults disturb; they are all descendants of the instance's own supervisor."""

from collections.abc import Callable

import psutil

from stack.instance import Instance
from stack.servers import supervisor

Find = Callable[[Instance], list[psutil.Process]]


def server(name: str) -> Find:
    """Return a function that finds the server's main process, without the child processes."""

    def find(instance: Instance) -> list[psutil.Process]:
        pid = supervisor.processes(instance)[name]["pid"]
        return [psutil.Process(pid)] if pid and psutil.pid_exists(pid) else []

    return find


def whole_api(instance: Instance) -> list[psutil.Process]:
    """Find the API's main process and its workers."""
    return [member for main in server("api")(instance) for member in (main, *main.children(recursive=True))]


def api_worker(instance: Instance) -> list[psutil.Process]:
    """Find one of the API's worker processes, which respond to requests."""
    workers = [child for main in server("api")(instance) for child in main.children() if not _is_tracker(child)]
    return workers[:1]


def driver_jvm(instance: Instance) -> list[psutil.Process]:
    """Find the JVM of the streaming driver."""
    return [child for main in server("streaming")(instance) for child in main.children(True) if child.name() == "java"]


def python_worker(instance: Instance) -> list[psutil.Process]:
    """Find a process in which Spark runs Python functions.

    Such a process exists only during a landing and shortly after it.
    """
    found = [child for jvm in driver_jvm(instance) for child in jvm.children(True) if _is_spark_python(child)]
    return found[-1:]


def _is_tracker(process: psutil.Process) -> bool:
    # The resource tracker is a helper process that Python's multiprocessing starts. It serves no requests.
    return "resource_tracker" in " ".join(process.cmdline())


def _is_spark_python(process: psutil.Process) -> bool:
    return "pyspark.daemon" in process.cmdline()
