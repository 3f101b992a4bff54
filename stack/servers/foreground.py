"""Implements ``./guildhall serve NAME``, which runs one server in the foreground of a container.

docker-compose.yml starts each server with this command. So a server in a container has the same configuration, command
and checks as a server under supervisord. When the server ends, its container ends, and the engine restarts the
container.
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

# Time between two checks until the server is healthy. It is short, because other containers wait for the server.
START_CHECK_SECONDS = 1.0

# Time between two later checks. healthcheck.sh reports a server as unhealthy after six failed checks.
CHECK_SECONDS = 5.0


def describe(instance: Instance, name: str, console: Console) -> Server:
    """Return the server with this name. Raises OperatorError if there is none.

    The notebook server is one of them; it runs only in a container.
    """
    known = {server.name: server for server in (*lifecycle.prepare(instance, console), notebook.server(instance))}
    if name not in known:
        raise OperatorError(f"there is no server {name}: there are {', '.join(known)}")
    return known[name]


def serve(instance: Instance, server: Server, console: Console) -> int:
    """Run the server until it ends or this process gets a signal. Returns the server's exit code.

    Raises OperatorError if the server cannot be prepared.
    """
    # Install a handler early. The kernel delivers a signal to the first process of a container only if the process has
    # a handler for the signal.
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
    # Signal the whole process group, as supervisord does.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def _watch_network(process: subprocess.Popen[bytes], console: Console) -> None:
    """End the server when the service `network` has been restarted.

    After a restart of `network`, this container is still in the old network namespace, which has only the loopback
    interface. When the server ends, the engine restarts this container, and the container joins the new namespace.
    """
    if not _interfaces():
        return
    failed_checks = 0
    # Require two failed checks, so that `network` has time to start. The engine cannot restart this container before
    # `network`, which owns the namespace.
    while failed_checks < 2:
        time.sleep(CHECK_SECONDS)
        failed_checks = 0 if _interfaces() else failed_checks + 1
    console.print("The network was restarted: ending, so that the engine starts this container in the new network.")
    _terminate(process)


def _interfaces() -> set[str]:
    return {name for _, name in socket.if_nameindex()} - {"lo"}


def _watch_health(server: Server, health_file: Path, console: Console) -> None:
    """Touch the health file repeatedly while the server is healthy.

    The function starts to do so after ``once_healthy`` has succeeded.
    """
    started = time.monotonic()
    is_ready = False
    while True:
        if lifecycle.is_healthy(server):
            is_ready = is_ready or _finish_start(server, started, console)
            if is_ready:
                touch_health_file(health_file)
        time.sleep(CHECK_SECONDS if is_ready else START_CHECK_SECONDS)


def touch_health_file(health_file: Path) -> None:
    """Create the health file, or update its modification time."""
    if health_file.exists():
        health_file.touch()
    else:
        # Write the start time of the container's first process, so that healthcheck.sh can ignore a file from before a
        # restart.
        health_file.write_text(Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19])


def _finish_start(server: Server, started: float, console: Console) -> bool:
    try:
        server.once_healthy()
    except Exception as error:  # noqa: BLE001 - the server went down again; the next check tries again
        console.print(f"{server.name}: {error!r}; trying again", markup=False)
        return False
    console.print(f"{server.name} is healthy after {time.monotonic() - started:.0f} s")
    return True
