"""One server in the foreground, for a container: prepared, started and looked after as ./guildhall up does it.

docker-compose.yml starts each service with this, so that a container has the same configuration, the same command and
the same checks as the server under supervisord. What restarts it is the engine, because this ends when the server ends.
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

LOOK_SECONDS = 1.0  # between two looks until the server is well: another one waits for it
LOOK_AGAIN_SECONDS = 5.0  # afterwards; stack/servers/healthcheck.sh takes a server for sick after six that failed


def describe(instance: Instance, name: str, console: Console) -> Server:
    """The server of this name; natively nobody starts a notebook's. Raises OperatorError if there is none."""
    known = {server.name: server for server in (*lifecycle.prepare(instance, console), notebook.server(instance))}
    if name not in known:
        raise OperatorError(f"there is no server {name}: {', '.join(known)}")
    return known[name]


def serve(instance: Instance, server: Server, console: Console) -> int:
    """Run the server until it ends, or until we are told to end it; answers its exit code. Raises OperatorError."""
    # The first process of a container gets no signal that it has no handler for.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    sign = instance.folder("run") / f"{server.name}.well"
    sign.unlink(missing_ok=True)
    config.write_all(instance)
    server.before_start()
    environment = supervisor.environment(instance) | server.environment
    process = subprocess.Popen(server.command, cwd=ROOT, env=environment, start_new_session=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: _end(process))
    threading.Thread(target=_look_after, args=(server, sign, console), daemon=True).start()
    threading.Thread(target=_watch_network, args=(process, console), daemon=True).start()
    code = process.wait()
    sign.unlink(missing_ok=True)
    return code if code >= 0 else 128 - code


def _end(process: subprocess.Popen[bytes]) -> None:
    # With all that it has started, as supervisord does it.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def _watch_network(process: subprocess.Popen[bytes], console: Console) -> None:
    """End the server when the service `network` was started anew: what it owned before has no interface any more but
    loopback. Started again by the engine, this container gets the namespace that there is now."""
    if not _interfaces():
        return
    missing = 0
    # Two looks, because a container that comes back before the owner of its namespace is not started at all.
    while missing < 2:
        time.sleep(LOOK_AGAIN_SECONDS)
        missing = 0 if _interfaces() else missing + 1
    console.print("The network is gone: ending, to be started again in the new one.")
    _end(process)


def _interfaces() -> set[str]:
    return {name for _, name in socket.if_nameindex()} - {"lo"}


def _look_after(server: Server, sign: Path, console: Console) -> None:
    """Keep the sign young while the server is well. It is there only when what follows its start is done, too."""
    begun = time.monotonic()
    is_open = False
    while True:
        if lifecycle.is_well(server):
            is_open = is_open or _open(server, begun, console)
            if is_open:
                touch_health_file(sign)
        time.sleep(LOOK_AGAIN_SECONDS if is_open else LOOK_SECONDS)


def touch_health_file(sign: Path) -> None:
    if sign.exists():
        sign.touch()
    else:
        # The start time of the container's first process: healthcheck.sh must ignore a file of an earlier life.
        sign.write_text(Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19])


def _open(server: Server, begun: float, console: Console) -> bool:
    try:
        server.once_healthy()
    except Exception as error:  # noqa: BLE001 - a server that went away again; the next look tells
        console.print(f"{server.name}: {error!r}; trying again", markup=False)
        return False
    console.print(f"{server.name} is well after {time.monotonic() - begun:.0f} s")
    return True
