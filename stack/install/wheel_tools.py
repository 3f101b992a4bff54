"""Programs that come in wheels, for machines that lack them: installed beside our environment, never into it."""

import subprocess
import sys
from pathlib import Path

from infra.errors import OperatorError


def fetch(lock: Path, target: Path, otherwise: str) -> None:
    """Install what the lock names below ``target``. Raises OperatorError, which ends with what to do otherwise."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "--no-cache-dir", "-r", str(lock)]
    if subprocess.run([*command, "--target", str(target)], check=False).returncode:
        raise OperatorError(f"could not fetch {otherwise}")
