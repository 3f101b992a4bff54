"""Test that load is sent only to servers on this machine."""

import pytest

from load.loopback import is_loopback


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:7400", True),
        ("http://127.8.9.1:7400/path", True),
        ("http://localhost:7400", True),
        ("http://[::1]:7400", True),
        ("http://localhost.example:7400", False),
        ("http://127.0.0.1.example", False),
        ("http://192.0.2.1:80", False),
        ("http://user@192.0.2.1", False),
        ("", False),
    ],
)
def test_only_addresses_of_this_machine_are_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected
