"""Code that the commands share: the console, the chosen instance and the chosen realms."""

import os
from pathlib import Path

import click
from rich.console import Console

from infra.errors import OperatorError
from stack.instance import EXTERNALLY_MANAGED, Instance, open_instance

console = Console()


def instance_of(context: click.Context, realms: int | None = None) -> Instance:
    """Open the instance that --home and --port select, and save ``realms`` in it if given. Raises OperatorError."""
    home, port = context.obj
    return open_instance(Path(home), port, realms)


def require_own_servers(command: str) -> None:
    """Raise OperatorError in a container, where only the container engine starts and stops servers."""
    if os.environ.get(EXTERNALLY_MANAGED):
        raise OperatorError(f"these servers are containers, started and stopped from outside: docker compose {command}")


def chosen_realms(instance: Instance, realm: int | None) -> list[int]:
    """Return the given realm, or all realms if it is None. Raises OperatorError if the realm does not exist."""
    if realm is None:
        return list(range(instance.realms))
    if realm >= instance.realms:
        raise OperatorError(f"there is no realm {realm}: realms are 0 to {instance.realms - 1}")
    return [realm]
