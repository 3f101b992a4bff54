"""Runs one server in the foreground, as a container does: ``./guildhall serve NAME``.

docker-compose.yml starts each service with this, so that a container has the same configuration, command and checks as
the server under supervisord. The container ends when its server ends, and the engine restarts it.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from infra.errors import OperatorError
from infra.paths import ROOT
from stack.instance import Instance
from stack.servers import config, lifecycle, notebook, supervisor
from stack.servers.definitions import Server

START_CHECK_SECONDS = 1.0  # between checks until the server is healthy: other containers wait for it
CHECK_SECONDS = 5.0  # between later checks; healthcheck.sh reports a server as unhealthy after six failed ones


def describe(instance: Instance, name: str, console: Console) -> Server:
    """Return the server of this name; the notebook server exists only here. Raises OperatorError if there is none."""
    known = {server.name: server for server in (*lifecycle.prepare(instance, console), notebook.server(instance))}
    if name not in known:
        raise OperatorError(f"there is no server {name}: there are {', '.join(known)}")
    return known[name]


def serve(instance: Instance, server: Server, console: Console) -> int:
    """Run the server until it ends or this process gets a signal. Returns the server's exit code.

    Raises OperatorError if the server cannot be prepared.
    """
    # The kernel does not deliver a signal to the first process of a container unless it has a handler.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    health_file = instance.folder("run") / f"{server.name}.healthy"
    health_file.unlink(missing_ok=True)
    config.write_all(instance)
    server.before_start()
    environment = supervisor.environment(instance) | server.environment
    process = subprocess.Popen(server.command, cwd=ROOT, env=environment, start_new_session=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: _terminate(process))
    threading.Thread(target=_watch_health, args=(server, health_file, console), daemon=True).start()
    threading.Thread(target=_watch_network, args=(process, console), daemon=True).start()
    code = process.wait()
    health_file.unlink(missing_ok=True)
    return code if code >= 0 else 128 - code


def _terminate(process: subprocess.Popen[bytes]) -> None:
    # The whole process group, as supervisord does it.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def _watch_network(process: subprocess.Popen[bytes], console: Console) -> None:
    """End the server when the service `network` has been restarted.

    The namespace of the previous `network` then has no interface except loopback. The engine restarts this container,
    which joins the new namespace.
    """
    if not _interfaces():
        return
    failed_checks = 0
    # Require two failed checks: the engine does not start a container that comes back before the owner of its
    # namespace.
    while failed_checks < 2:
        time.sleep(CHECK_SECONDS)
        failed_checks = 0 if _interfaces() else failed_checks + 1
    console.print("The network was restarted: ending, so that the engine starts this container in the new network.")
    _terminate(process)


def _interfaces() -> set[str]:
    return {name for _, name in socket.if_nameindex()} - {"lo"}


def _watch_health(server: Server, health_file: Path, console: Console) -> None:
    """Touch the health file while the server is healthy; the first time after ``once_healthy`` has succeeded."""
    started = time.monotonic()
    is_ready = False
    while True:
        if lifecycle.is_healthy(server):
            is_ready = is_ready or _finish_start(server, started, console)
            if is_ready:
                touch_health_file(health_file)
        time.sleep(CHECK_SECONDS if is_ready else START_CHECK_SECONDS)


def touch_health_file(health_file: Path) -> None:
    """Create the health file or renew its time."""
    if health_file.exists():
        health_file.touch()
    else:
        # The start time of the container's first process: healthcheck.sh must ignore a file from before a restart.
        health_file.write_text(Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19])


def _finish_start(server: Server, started: float, console: Console) -> bool:
    try:
        server.once_healthy()
    except Exception as error:  # noqa: BLE001 - the server went down again; the next check tries again
        console.print(f"{server.name}: {error!r}; trying again", markup=False)
        return False
    console.print(f"{server.name} is healthy after {time.monotonic() - started:.0f} s")
    return True
