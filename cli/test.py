"""``./guildhall test``: the checks of the code, then the tests."""

import os
import subprocess
import sys
import time

from infra.paths import ROOT

CHECKS = {
    "ruff": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
}


def run(arguments: tuple[str, ...]) -> int:
    """Run everything, even after a failure; answers the exit code of the first failure. ``arguments`` go to pytest."""
    # The tests have an instance of their own: nothing that points at a player's may reach them.
    environment = {n: v for n, v in os.environ.items() if n not in ("GUILDHALL_HOME", "GUILDHALL_PORT")}
    first_failure = 0
    for name, command in {**CHECKS, "pytest": ["pytest", *arguments]}.items():
        started = time.monotonic()
        code = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=environment, check=False).returncode
        print(f"{name}: {'ok' if code == 0 else f'failed ({code})'} in {time.monotonic() - started:.0f} s", flush=True)
        first_failure = first_failure or code
    return first_failure
