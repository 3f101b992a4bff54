"""Mount small disks in memory for some servers, so that a fault can fill such a disk. Only root can mount disks."""

import os
import subprocess
from pathlib import Path

from stack.instance import Instance

SERVERS = ("redis", "kafka")

# Size of a disk that is not full. A disk takes only as much memory as its files, and a campaign writes about 100 MB.
DISK_BYTES = 2 * 1024**3

# Space left on a nearly full disk: room for a few records, so that the disk fills up in the middle of a write.
LEFT_BYTES = 8 * 1024


def mount(instance: Instance) -> bool:
    """Mount a disk in memory at the data folder of each server in SERVERS. These folders must be empty.

    Returns whether that was possible. If not, no disk is mounted.
    """
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
    """Remove the disks and their content. Raises subprocess.CalledProcessError if a server still uses its disk."""
    for server in SERVERS:
        if is_mounted(instance, server):
            subprocess.run(["umount", str(_path(instance, server))], check=True)


def is_mounted(instance: Instance, server: str) -> bool:
    """Return whether a small disk is mounted for the server."""
    return _path(instance, server).is_mount()


def fill(instance: Instance, server: str) -> None:
    """Shrink the disk until only LEFT_BYTES are free. Raises subprocess.CalledProcessError if that fails."""
    usage = os.statvfs(_path(instance, server))
    _resize(instance, server, (usage.f_blocks - usage.f_bfree) * usage.f_frsize + LEFT_BYTES)


def enlarge(instance: Instance, server: str) -> None:
    """Resize the disk to DISK_BYTES again. Raises subprocess.CalledProcessError if that fails."""
    _resize(instance, server, DISK_BYTES)


def _path(instance: Instance, server: str) -> Path:
    return instance.home / "data" / server


def _resize(instance: Instance, server: str, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(_path(instance, server))], check=True)
