"""The command ``sql`` as a program."""

import subprocess
import sys

from infra.paths import ROOT
from stack.instance import Instance


def sql(instance: Instance, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The command, with its bytes as they are: lines of CSV end with CR LF."""
    command = [sys.executable, "-m", "cli.main", "--home", str(instance.home), "sql", *arguments]
    done = subprocess.run(command, cwd=ROOT, input=stdin.encode(), capture_output=True, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())
