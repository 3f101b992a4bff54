"""Prevent unit tests from reaching a server.

Opening a socket is an error, except for a Unix socket, which connects only processes on this machine.
"""

from collections.abc import Iterator

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()
