"""Test the commands that start and stop servers, when Compose manages the servers."""

import pytest

from cli.main import cli
from infra.errors import OperatorError
from stack.instance import EXTERNALLY_MANAGED


@pytest.mark.parametrize("command", ["up", "down"])
def test_compose_servers_are_not_started_from_inside(command: str, monkeypatch) -> None:
    monkeypatch.setenv(EXTERNALLY_MANAGED, "1")
    with pytest.raises(OperatorError, match=f"docker compose {command}"):
        cli([command], standalone_mode=False)
