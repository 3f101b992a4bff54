"""Programs that come in wheels, for machines that lack them: installed beside our environment, never into it."""

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
    """Return the folder with what ``requirements/PART.lock`` names, fetched if the cache lacks it.

    Raises OperatorError, which ends with what to do otherwise.
    """

    def fill(home: Path) -> None:
        _fetch(LOCKS / f"{part}.lock", home, otherwise)
        finish(home)

    return install_once(wheels_folder(cache, part), fill)


def wheels_folder(cache: Path, part: str) -> Path:
    """Return where the wheels of the part are or will be: another lock is another folder."""
    lock = (LOCKS / f"{part}.lock").read_bytes()
    return cache / f"{part}-wheels-{hashlib.sha256(lock).hexdigest()[:12]}"


def _fetch(lock: Path, target: Path, otherwise: str) -> None:
    # uv lies in the environment of the interpreter that runs this.
    command = [str(Path(sys.executable).with_name("uv")), "pip", "install", "-q", "--no-cache"]
    options = ["--require-hashes", "--no-build", "--python", sys.executable, "--target", str(target), "-r", str(lock)]
    if subprocess.run([*command, *options], check=False).returncode:
        raise OperatorError(f"could not fetch {otherwise}")
