"""Prepare a new instance for a campaign.

The instance has short deadlines. If small disks can be mounted, its servers use them.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from load.faults import small_disks
from stack.instance import Instance, open_instance
from stack.servers import lifecycle

# The deadlines are short, so that appends fail and holds are voided during a campaign. They are still long enough for
# a busy machine to work normally between the faults.
DEADLINES = {"delivery_seconds": 4.0, "hold_seconds": 12.0, "margin_seconds": 4.0}


@contextmanager
def fault_instance(home: Path, first_port: int, realms: int, console: Console) -> Iterator[Instance]:
    """Remove an earlier instance in the folder ``home``, start a new one there, and stop it at the end of the block."""
    remove(home)
    instance = open_instance(home, first_port, realms, DEADLINES)
    small_disks.mount(instance)
    try:
        lifecycle.up(instance, console)
        yield instance
    finally:
        end(instance)


def end(instance: Instance) -> None:
    """Stop the servers and remove their small disks, but keep the servers' log files and the history."""
    lifecycle.down(instance)
    small_disks.unmount(instance)


def remove(home: Path) -> None:
    """Stop the instance in the folder, if there is one, and delete the folder."""
    if (home / "instance.json").exists():
        end(open_instance(home))
    shutil.rmtree(home, ignore_errors=True)
