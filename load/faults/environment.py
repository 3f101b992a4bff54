"""Prepare an instance for a campaign: new, on small disks where possible, with short deadlines."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from load.faults import small_disks
from stack.instance import Instance, open_instance
from stack.servers import lifecycle

# They are short, so that deliveries fail and holds are voided during a campaign, and long enough for a busy machine.
DEADLINES = {"delivery_seconds": 4.0, "hold_seconds": 12.0, "margin_seconds": 4.0}


@contextmanager
def fault_instance(home: Path, first_port: int, realms: int, console: Console) -> Iterator[Instance]:
    """Start a new instance in the folder, removing an earlier one, and stop it afterwards."""
    remove(home)
    instance = open_instance(home, first_port, realms, DEADLINES)
    small_disks.mount(instance)
    try:
        lifecycle.up(instance, console)
        yield instance
    finally:
        end(instance)


def end(instance: Instance) -> None:
    """Stop the servers and remove their disks; the logs and the history stay."""
    lifecycle.down(instance)
    small_disks.unmount(instance)


def remove(home: Path) -> None:
    """Stop the instance of the folder, if there is one, and remove the folder."""
    if (home / "instance.json").exists():
        end(open_instance(home))
    shutil.rmtree(home, ignore_errors=True)
