"""Run ``./guildhall`` in this process or as a program."""

import subprocess
import sys
from dataclasses import dataclass

from click.testing import CliRunner

from cli.context import console
from cli.main import cli
from infra.errors import OperatorError
from infra.paths import ROOT
from stack.instance import Instance

# Width of printed tables in characters. It is fixed, because the output must not depend on the terminal in which the
# tests run.
WIDTH = 80


@dataclass
class Completed:
    """The exit code and output of a command that has ended."""

    returncode: int
    stdout: str
    stderr: str


def command_of(instance: Instance, *arguments: str) -> list[str]:
    """Return the command line that runs ``./guildhall`` with these arguments as a program."""
    return [sys.executable, "-m", "cli.main", "--home", str(instance.home), *arguments]


def guildhall(instance: Instance, *arguments: str, stdin: str = "") -> Completed:
    """Run a command in this process. That saves the seconds that a new process needs to import all modules.

    Errors become one line and exit code 2, as in ``cli.main.main``, which ``guildhall_process`` really runs.
    """
    console.width = WIDTH
    done = CliRunner().invoke(cli, ["--home", str(instance.home), *arguments], input=stdin)
    if isinstance(done.exception, OperatorError):
        return Completed(2, done.stdout, f"{done.stderr}guildhall: {done.exception}\n")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Completed(done.exit_code, done.stdout, done.stderr)


def guildhall_process(instance: Instance, *arguments: str, stdin: str = "") -> Completed:
    """Run a command as a program.

    The output keeps its line ends, because the lines of CSV must end with CR LF.
    """
    command = command_of(instance, *arguments)
    done = subprocess.run(command, cwd=ROOT, input=stdin.encode(), capture_output=True, check=False)
    return Completed(done.returncode, done.stdout.decode(), done.stderr.decode())
