"""Starts and stops the servers of an instance."""

import errno
import shutil
import socket
import time
from dataclasses import dataclass

import psutil
from rich.console import Console
from rich.live import Live
from rich.table import Table

from infra.errors import OperatorError
from infra.paths import cache_folder
from stack.install import apt, jars, java, web_assets
from stack.instance import Instance
from stack.servers import config, supervisor
from stack.servers.definitions import HOST, Server, servers

START_SECONDS = 240  # a cold start takes half a minute, but several times as long on a small busy machine
MIN_FREE_BYTES = 2 * 1024**3  # with less, Kafka or HDFS may fill the disk within a day of play


@dataclass
class _StartProgress:
    """The progress of one server's start. ``state`` is waiting, starting or up."""

    state: str = "waiting"
    started: float = 0.0
    seconds: float = 0.0


def prepare(instance: Instance, console: Console) -> list[Server]:
    """Install missing programs and jars, and return the definitions of the servers. Raises OperatorError."""
    cache = cache_folder()
    if shutil.disk_usage(instance.home).free < MIN_FREE_BYTES:
        raise OperatorError(f"less than 2 GB free in {instance.home}: free some space, or choose another --home")
    apt.require_programs(console)
    java_home = java.find(cache, console)
    return servers(instance, java_home, jars.install(cache, console), web_assets.install(cache, console))


def up(instance: Instance, console: Console) -> None:
    """Start every server that is not healthy, each server after the servers that it needs. Raises OperatorError."""
    all_servers = prepare(instance, console)
    if supervisor.is_running(instance) and not supervisor.is_current(instance, all_servers):
        console.print("The servers run with an earlier configuration: restarting them.")
        down(instance)
    if supervisor.is_running(instance) and all(is_healthy(server) for server in all_servers):
        console.print("All servers are already up.")
        return
    if not supervisor.is_running(instance):
        supervisor.kill_orphans(instance)
        for server in all_servers:
            _require_free_ports(instance, server)
        config.write_all(instance)
        supervisor.start_daemon(instance, all_servers)
    _start_all(instance, all_servers, console)


def replace_api(instance: Instance, console: Console) -> bool:
    """Restart the API with the instance's current secrets, unless the servers are down.

    Returns whether the API was restarted. Raises OperatorError if the API does not become healthy.
    """
    if not supervisor.is_running(instance):
        return False
    all_servers = prepare(instance, console)
    api = next(server for server in all_servers if server.name == "api")
    api.before_start()
    supervisor.restart_with_new_definition(instance, all_servers, api.name)
    progress = _StartProgress("starting", time.monotonic())
    while progress.state != "up":
        _check(instance, api, progress, progress.started + START_SECONDS)
        time.sleep(0.1)
    return True


def down(instance: Instance) -> list[str]:
    """Stop the servers of this instance, and only of this one. Returns the names of the stopped servers."""
    stopped = []
    if supervisor.is_running(instance):
        running = [name for name, process in supervisor.processes(instance).items() if process["pid"]]
        # Stop each server before the servers that it writes to.
        for name in ("api", "streaming", "presto", "datanode", "namenode", "kafka", "redis"):
            if name in running:
                supervisor.call(instance, "stopProcess", name)
                stopped.append(name)
        daemon = psutil.Process(supervisor.call(instance, "getPID"))
        supervisor.call(instance, "shutdown")
        psutil.wait_procs([daemon], timeout=20)
    return stopped + [f"leftover {name}" for name in supervisor.kill_orphans(instance)]


def _require_free_ports(instance: Instance, server: Server) -> None:
    for name in server.ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, instance.port(name)))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                raise OperatorError(
                    f"port {instance.port(name)}, for {name}, is in use: choose other ports, such as --port 7600"
                ) from error


def is_healthy(server: Server) -> bool:
    """Return whether the server passes its health check."""
    try:
        return server.healthy()
    except Exception:  # noqa: BLE001 - a client may raise anything while its server starts
        return False


def _start_all(instance: Instance, all_servers: list[Server], console: Console) -> None:
    progress = {server.name: _StartProgress() for server in all_servers}
    deadline = time.monotonic() + START_SECONDS
    # If the output is not a terminal, the table is printed only once, at the end.
    with Live(_table(progress), console=console, refresh_per_second=4, transient=not console.is_terminal) as live:
        while any(p.state != "up" for p in progress.values()):
            for server in all_servers:
                own = progress[server.name]
                if own.state == "waiting" and all(progress[name].state == "up" for name in server.after):
                    _start(instance, server, own)
                if own.state == "starting":
                    _check(instance, server, own, deadline)
                live.update(_table(progress))
            time.sleep(0.2)


def _start(instance: Instance, server: Server, progress: _StartProgress) -> None:
    if _state(instance, server.name) not in ("RUNNING", "STARTING", "BACKOFF"):
        server.before_start()
        supervisor.start(instance, server.name)
    progress.state, progress.started = "starting", time.monotonic()


def _check(instance: Instance, server: Server, progress: _StartProgress, deadline: float) -> None:
    """Set the state to up if the server is healthy.

    Raises OperatorError if the server failed to start or ``deadline``, a value of time.monotonic(), has passed.
    """
    progress.seconds = time.monotonic() - progress.started
    if is_healthy(server):
        server.once_healthy()
        progress.state = "up"
    elif time.monotonic() > deadline or _state(instance, server.name) == "FATAL":
        raise OperatorError(
            f"{server.name} does not start: ./guildhall logs {server.name}{_log_tail(instance, server)}"
        )


def _state(instance: Instance, name: str) -> str:
    return str(supervisor.processes(instance)[name]["statename"])


def _log_tail(instance: Instance, server: Server) -> str:
    log = instance.home / "logs" / f"{server.name}.log"
    lines = log.read_text(errors="replace").strip().splitlines()[-5:] if log.exists() else []
    return "\n".join(["; its last lines:", *lines]) if lines else ""


def _table(progress: dict[str, _StartProgress]) -> Table:
    table = Table(box=None, show_header=False)
    for name, p in progress.items():
        colour = {"up": "green", "starting": "yellow"}.get(p.state, "dim")
        table.add_row(name, f"[{colour}]{p.state}[/]", f"{p.seconds:.0f} s" if p.seconds else "")
    return table
