"""The table of servers that ``./guildhall status`` prints."""

from datetime import UTC, datetime
from typing import Any

import psutil
from rich.table import Table

from stack.instance import PORTS, Instance
from stack.servers import supervisor


def server_table(instance: Instance) -> Table:
    """Return a table with the state, start time, ports and memory of each server."""
    table = Table(title=f"Servers of {instance.home}", title_justify="left", box=None)
    for name in ("server", "state", "up since (UTC)", "ports", "memory"):
        table.add_column(name, justify="right" if name == "memory" else "left")
    if not supervisor.is_running(instance):
        table.add_row("all", "[red]down[/]: ./guildhall up", "", "", "")
        return table
    total = 0
    for process in supervisor.processes(instance).values():
        memory = resident_bytes(process["pid"])
        total += memory
        table.add_row(*_row(instance, process), f"{memory >> 20} MB")
    table.add_row("[bold]all", "", "", "", f"[bold]{total >> 20} MB")
    return table


def _row(instance: Instance, process: dict[str, Any]) -> tuple[str, str, str, str]:
    name, running = process["name"], process["statename"] == "RUNNING"
    ports = [str(instance.port(p)) for p in PORTS if p.startswith(name) or (name, p) == ("streaming", "spark_ui")]
    since = f"{datetime.fromtimestamp(process['start'], UTC):%F %T}" if running else ""
    return name, f"[{'green' if running else 'red'}]{process['statename'].lower()}[/]", since, ", ".join(ports)


def resident_bytes(pid: int) -> int:
    """Return the bytes of resident memory of a process and its descendants, or 0 if the process has ended."""
    try:
        process = psutil.Process(pid)
        return sum(p.memory_info().rss for p in [process, *process.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0
