"""The commands ``check``, which runs the linters, and ``test``, which also runs the tests."""

import os
import subprocess
import sys
import time

import click

from infra.paths import ROOT

#: Name of a check -> arguments of ``python -m`` in the virtual environment.
CHECKS = {
    "ruff": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "imports": ["cli.import_rules"],
    "dependencies": ["deptry", "."],
    "spelling": ["codespell_lib"],
    "prose": ["cli.prose"],
}

#: Test folders that the user may give by name, without their path, and pytest options that this project defines. The
#: tests run in parallel only if the command line has no other arguments.
TIERS = ("unit", "integration", "system", "faults", "compose")
OWN_OPTIONS = ("--nightly", "--faults")

# One process runs the system tests, which need the pipeline, and the other process runs all other tests. This saves
# time, because the system tests mostly wait for the servers of the pipeline.
PARALLEL = ("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder")


@click.command()
def check() -> None:
    """Run every linter.

    Exits with the code of the first linter that fails.
    """
    sys.exit(run_checks())


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
def test(arguments: tuple[str, ...]) -> None:
    """Run the linters and the tests.

    The tests use an instance of their own. With arguments, only the tests run: a tier (unit, integration, system) or
    any arguments of pytest, such as -k NAME. --nightly searches longer for rare interleavings, --faults also injects
    every fault into real servers, and --compose only tests docker-compose.yml, with podman.
    """
    failed = 0 if arguments else run_checks()
    parallel = PARALLEL if all(argument in (*TIERS, *OWN_OPTIONS) for argument in arguments) else ()
    sys.exit(_run("pytest", ["pytest", *parallel, *map(_tier, arguments)]) or failed)


def run_checks() -> int:
    """Run every check, even after a failure. Returns the exit code of the first failed check, or 0."""
    codes = [_run(name, command) for name, command in CHECKS.items()]
    return next((code for code in codes if code), 0)


def _tier(argument: str) -> str:
    return str(ROOT / "tests" / argument) if argument in TIERS else argument


def _run(name: str, command: list[str]) -> int:
    started = time.monotonic()
    # The tests create their own instance. So remove the variables that may point at an instance with real data.
    environment = {n: v for n, v in os.environ.items() if n not in ("GUILDHALL_HOME", "GUILDHALL_PORT")}
    code = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=environment, check=False).returncode
    print(f"{name}: {'ok' if code == 0 else f'failed ({code})'} in {time.monotonic() - started:.0f} s", flush=True)
    return code


COMMANDS = (check, test)
