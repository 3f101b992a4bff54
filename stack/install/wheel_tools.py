"""Installs programs from wheels on machines that lack them, in a folder outside our Python environment."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from infra.errors import OperatorError
from infra.paths import ROOT
from stack.install.once import install_once

LOCKS = ROOT / "requirements"


def install_wheels(cache: Path, part: str, otherwise: str, finish: Callable[[Path], None] = lambda _home: None) -> Path:
    """Return the folder with the wheels in ``requirements/PART.lock``, downloading them if the cache lacks them.

    ``finish`` may change the new folder. Raises OperatorError if the download fails; its message ends with the text
    ``otherwise``, which says what else the user can do.
    """

    def fill(home: Path) -> None:
        _fetch(LOCKS / f"{part}.lock", home, otherwise)
        finish(home)

    return install_once(wheels_folder(cache, part), fill)


def wheels_folder(cache: Path, part: str) -> Path:
    """Return the path for the wheels of the part. It changes with the lock, so that a new lock gets a new folder."""
    lock = (LOCKS / f"{part}.lock").read_bytes()
    return cache / f"{part}-wheels-{hashlib.sha256(lock).hexdigest()[:12]}"


def _fetch(lock: Path, target: Path, otherwise: str) -> None:
    # The program uv is next to the Python interpreter that runs this code.
    command = [str(Path(sys.executable).with_name("uv")), "pip", "install", "-q", "--no-cache"]
    options = ["--require-hashes", "--no-build", "--python", sys.executable, "--target", str(target), "-r", str(lock)]
    if subprocess.run([*command, *options], check=False).returncode:
        raise OperatorError(f"could not fetch {otherwise}")
