"""Give servers small disks in memory, so that a fault can fill one. Only root can mount them."""

import os
import subprocess
from pathlib import Path

from stack.instance import Instance

SERVERS = ("redis", "kafka")

# Memory is used only as far as the disk is filled, and a campaign writes about 100 MB.
DISK_BYTES = 2 * 1024**3

# Free space of a full disk: a few records, so that it becomes full in the middle of a write.
LEFT_BYTES = 8 * 1024


def mount(instance: Instance) -> bool:
    """Give each server a disk of its own in memory; its data folder must be empty. Returns whether that is possible."""
    if os.geteuid() != 0:
        return False
    for server in SERVERS:
        path = instance.folder("data", server)
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "guildhall", str(path)]
        if not path.is_mount() and subprocess.run(command, capture_output=True, check=False).returncode:
            unmount(instance)
            return False
    return True


def unmount(instance: Instance) -> None:
    """Remove the disks with their content. Raises subprocess.CalledProcessError if a server still uses one."""
    for server in SERVERS:
        if is_mounted(instance, server):
            subprocess.run(["umount", str(_path(instance, server))], check=True)


def is_mounted(instance: Instance, server: str) -> bool:
    """Return whether the server has a disk of its own."""
    return _path(instance, server).is_mount()


def fill(instance: Instance, server: str) -> None:
    """Shrink the disk to its content. Raises subprocess.CalledProcessError."""
    usage = os.statvfs(_path(instance, server))
    _resize(instance, server, (usage.f_blocks - usage.f_bfree) * usage.f_frsize + LEFT_BYTES)


def enlarge(instance: Instance, server: str) -> None:
    """Give the disk its full size again. Raises subprocess.CalledProcessError."""
    _resize(instance, server, DISK_BYTES)


def _path(instance: Instance, server: str) -> Path:
    return instance.home / "data" / server


def _resize(instance: Instance, server: str, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(_path(instance, server))], check=True)
