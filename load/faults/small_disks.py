"""Small disks for the servers' data, so that one of them can become full. Only root can mount them."""

import os
import subprocess

from stack.instance import Instance

SERVERS = ("redis", "kafka")

# Memory is used only as far as it is filled, and a campaign writes some 100 MB.
ROOMY_BYTES = 2 * 1024**3

# What is left on a full disk: a few records, so that it becomes full in the middle of a write.
LEFT_BYTES = 8 * 1024


def mount(instance: Instance) -> bool:
    """Give each server a disk of its own in memory; its folder must be empty. Answers whether that is possible here."""
    if os.geteuid() != 0:
        return False
    for server in SERVERS:
        path = instance.folder("data", server)
        command = ["mount", "-t", "tmpfs", "-o", f"size={ROOMY_BYTES}", "guildhall", str(path)]
        if not path.is_mount() and subprocess.run(command, capture_output=True, check=False).returncode:
            unmount(instance)
            return False
    return True


def unmount(instance: Instance) -> None:
    """Take the disks away, with what is on them. Raises subprocess.CalledProcessError if a server still uses one."""
    for server in SERVERS:
        path = instance.home / "data" / server
        if path.is_mount():
            subprocess.run(["umount", str(path)], check=True)


def is_mounted(instance: Instance, server: str) -> bool:
    """Whether the server has a disk of its own."""
    return (instance.home / "data" / server).is_mount()


def fill(instance: Instance, server: str) -> None:
    """Make the disk as small as what is on it. Raises subprocess.CalledProcessError."""
    path = instance.home / "data" / server
    room = os.statvfs(path)
    _resize(instance, server, (room.f_blocks - room.f_bfree) * room.f_frsize + LEFT_BYTES)


def enlarge(instance: Instance, server: str) -> None:
    """Make the disk roomy again. Raises subprocess.CalledProcessError."""
    _resize(instance, server, ROOMY_BYTES)


def _resize(instance: Instance, server: str, size: int) -> None:
    path = instance.home / "data" / server
    subprocess.run(["mount", "-o", f"remount,size={size}", str(path)], check=True)
