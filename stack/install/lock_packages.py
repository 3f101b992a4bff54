"""Write the locks of Python packages: ``python -m stack.install.lock_packages [--upgrade] [NAME ...]``.

Without names, the command writes all locks. ``runtime.lock`` is made from the dependencies in ``pyproject.toml``. Every
other lock is made from the dependency group with its name, and uses the versions in ``runtime.lock``. The command keeps
the locked versions, except with ``--upgrade``.
"""

import argparse
import subprocess
import sys
import tomllib
from pathlib import Path

from infra.paths import ROOT
from stack.install.wheel_tools import LOCKS

COMMAND = "python -m stack.install.lock_packages"
# One lock for all platforms and Python versions. It contains checksums but no URL of a package index.
OPTIONS = [
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--quiet"),
    *("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", COMMAND),
]


def lock_names() -> list[str]:
    """Return the names of all locks. ``runtime`` comes first, because the other locks use its versions."""
    return ["runtime", *tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]]


def main() -> None:
    """Write the locks that the command line names."""
    parser = argparse.ArgumentParser(prog=COMMAND)
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(lock_names()))
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(lock_names()):
        parser.error(f"there is no lock {', '.join(sorted(unknown))}: choose from {', '.join(lock_names())}")
    for name in arguments.names or lock_names():
        print(f"{name} ...", flush=True)
        _compile(name, upgrade=arguments.upgrade)


def _compile(name: str, *, upgrade: bool) -> None:
    source = ["pyproject.toml"] if name == "runtime" else ["--group", name, "-c", str(LOCKS / "runtime.lock")]
    lock = str(LOCKS / f"{name}.lock")
    command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", *OPTIONS, *source, "-o", lock]
    done = subprocess.run([*command, *(["--upgrade"] if upgrade else [])], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
