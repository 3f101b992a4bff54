"""Installs programs from Debian packages, such as redis-server and ab."""

import os
import re
import shutil
import subprocess

from rich.console import Console

from infra.errors import OperatorError

#: This table and the next two map a program to the Debian package that contains it.
PACKAGES = {"redis-server": "redis-server", "ab": "apache2-utils"}
BROWSER = {"chromium": "chromium"}  # needed only by the tests of the web page

#: Needed only by the tests of docker-compose.yml: a container engine without a daemon, and debootstrap, which makes the
#: base image.
ENGINE = {
    "podman": "podman",
    "runc": "runc",
    "/usr/lib/podman/netavark": "netavark",
    "/usr/lib/podman/aardvark-dns": "aardvark-dns",
    "iptables": "iptables",
    "docker-compose": "docker-compose",
    "debootstrap": "debootstrap",
}


def require_programs(console: Console) -> None:
    """Install the missing programs. Raises OperatorError with the command to type if that is not possible."""
    _require(PACKAGES, console)
    version = redis_version()
    if version < 7:
        raise OperatorError(f"redis-server {version} is too old, 7 is needed: install a newer one")


def require_browser(console: Console) -> str:
    """Return the path of Chromium, installing it if needed. Raises OperatorError with the command to type."""
    _require(BROWSER, console)
    path = program_path("chromium")
    if path is None:
        raise OperatorError("the package chromium has no program chromium here")
    return path


def require_engine(console: Console) -> None:
    """Install podman and the programs that it needs.

    Raises OperatorError with the command to type if that is not possible.
    """
    _require(ENGINE, console)


def program_path(program: str) -> str | None:
    """Return the path of the program, or None if it is not installed.

    The function searches PATH and then Debian's folders for programs, because PATH may lack some of them.
    """
    return shutil.which(program) or shutil.which(program, path="/usr/bin:/usr/sbin:/bin")


def redis_version() -> int:
    """Return the major version of redis-server, or 0 if its output is not understood."""
    text = subprocess.run([program_path("redis-server") or "", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"v=(\d+)", text.stdout)
    return int(found.group(1)) if found else 0


def _require(programs: dict[str, str], console: Console) -> None:
    missing = [package for program, package in programs.items() if not program_path(program)]
    if missing:
        _install(missing, console)


def _install(packages: list[str], console: Console) -> None:
    wanted = " ".join(packages)
    by_hand = f"missing programs: type  sudo apt-get install -y {wanted}"
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (sudo and not _succeeds([*sudo, "true"])):
        raise OperatorError(by_hand)
    console.print(f"Installing {wanted} ...")
    # With RUNLEVEL=1, installing the package does not start a Redis server.
    environment = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"]
    for step in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        result = subprocess.run(
            [*sudo, *environment, "apt-get", "-q", *step], capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise OperatorError(f"apt-get {step[0]} failed ({result.stderr.strip().splitlines()[-1:]}): {by_hand}")


def _succeeds(command: list[str]) -> bool:
    return bool(shutil.which(command[0])) and subprocess.run(command, capture_output=True, check=False).returncode == 0
