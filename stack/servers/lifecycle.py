"""Bringing an instance up and down."""

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

START_SECONDS = 240  # a cold start takes half a minute; a busy small machine several times that
FREE_BYTES = 2 * 1024**3  # less than this and Kafka or HDFS may stop in the middle of a day of play


@dataclass
class _Progress:
    state: str = "waiting"
    started: float = 0.0
    seconds: float = 0.0


def prepare(instance: Instance, console: Console) -> list[Server]:
    """Install what is missing and describe the servers. Raises OperatorError."""
    cache = cache_folder()
    if shutil.disk_usage(instance.home).free < FREE_BYTES:
        raise OperatorError(f"less than 2 GB free in {instance.home}: free some, or choose another --home")
    apt.require_programs(console)
    java_home = java.find(cache, console)
    return servers(instance, java_home, jars.install(cache, console), web_assets.install(cache, console))


def up(instance: Instance, console: Console) -> None:
    """Start every server that is not well, each after what it needs. Raises OperatorError."""
    all_servers = prepare(instance, console)
    if supervisor.is_running(instance) and not supervisor.is_current(instance, all_servers):
        console.print("The servers run with an older configuration: restarting them.")
        down(instance)
    if supervisor.is_running(instance) and all(is_well(server) for server in all_servers):
        console.print("Everything is up already.")
        return
    if not supervisor.is_running(instance):
        supervisor.kill_orphans(instance)
        for server in all_servers:
            _require_free_ports(instance, server)
        config.write_all(instance)
        supervisor.start_daemon(instance, all_servers)
    _start_all(instance, all_servers, console)


def replace_api(instance: Instance, console: Console) -> bool:
    """Restart the API with the instance's present secrets, if it runs. Returns whether it ran. Raises OperatorError if
    it does not come up."""
    if not supervisor.is_running(instance):
        return False
    all_servers = prepare(instance, console)
    api = next(server for server in all_servers if server.name == "api")
    api.before_start()
    supervisor.restart_anew(instance, all_servers, api.name)
    progress = _Progress("starting", time.monotonic())
    while progress.state != "up":
        _look_after(instance, api, progress, progress.started + START_SECONDS)
        time.sleep(0.1)
    return True


def down(instance: Instance) -> list[str]:
    """Stop the servers of this instance and nothing else; answers what was stopped."""
    stopped = []
    if supervisor.is_running(instance):
        running = [name for name, process in supervisor.processes(instance).items() if process["pid"]]
        # What writes first, what is written to last.
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
                    f"port {instance.port(name)}, for {name}, is taken: choose another block, as in --port 7600"
                ) from error


def is_well(server: Server) -> bool:
    """Whether the server answers as it should."""
    try:
        return server.healthy()
    except Exception:  # noqa: BLE001 - whatever a server that is not up yet makes its client raise
        return False


def _start_all(instance: Instance, all_servers: list[Server], console: Console) -> None:
    progress = {server.name: _Progress() for server in all_servers}
    give_up = time.monotonic() + START_SECONDS
    # Without a terminal nothing is drawn until the end, and then once.
    with Live(_table(progress), console=console, refresh_per_second=4, transient=not console.is_terminal) as live:
        while any(p.state != "up" for p in progress.values()):
            for server in all_servers:
                mine = progress[server.name]
                if mine.state == "waiting" and all(progress[name].state == "up" for name in server.after):
                    _start(instance, server, mine)
                if mine.state == "starting":
                    _look_after(instance, server, mine, give_up)
                live.update(_table(progress))
            time.sleep(0.2)


def _start(instance: Instance, server: Server, progress: _Progress) -> None:
    if _state(instance, server.name) not in ("RUNNING", "STARTING", "BACKOFF"):
        server.before_start()
        supervisor.start(instance, server.name)
    progress.state, progress.started = "starting", time.monotonic()


def _look_after(instance: Instance, server: Server, progress: _Progress, give_up: float) -> None:
    progress.seconds = time.monotonic() - progress.started
    if is_well(server):
        server.once_healthy()
        progress.state = "up"
    elif time.monotonic() > give_up or _state(instance, server.name) == "FATAL":
        raise OperatorError(_log_tail(instance, server.name))


def _state(instance: Instance, name: str) -> str:
    return str(supervisor.processes(instance)[name]["statename"])


def _log_tail(instance: Instance, name: str) -> str:
    log = instance.home / "logs" / f"{name}.log"
    lines = log.read_text(errors="replace").strip().splitlines()[-5:] if log.exists() else []
    return f"{name} does not come up, see ./guildhall logs {name}; it said last:\n" + "\n".join(lines)


def _table(progress: dict[str, _Progress]) -> Table:
    table = Table(box=None, show_header=False)
    for name, p in progress.items():
        colour = {"up": "green", "starting": "yellow"}.get(p.state, "dim")
        table.add_row(name, f"[{colour}]{p.state}[/]", f"{p.seconds:.0f} s" if p.seconds else "")
    return table
