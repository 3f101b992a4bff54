"""Test the configuration files for the servers."""

import stat
from pathlib import Path

from stack.instance import open_instance
from stack.servers import config


def test_configuration_is_private_and_on_loopback(tmp_path: Path) -> None:
    instance = open_instance(tmp_path, 20000)
    config.write_all(instance)
    files = [path for path in (tmp_path / "conf").rglob("*") if path.is_file()]
    text = "\n".join(path.read_text() for path in files)
    assert "0.0.0.0" not in text  # noqa: S104 - the test expects that this address does not occur
    assert not any(secret in text for secret in instance.secrets.values())
    assert f"port {instance.port('redis')}" in text
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
