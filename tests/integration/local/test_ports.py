"""Test the message for a port that another program uses."""

import socket
from pathlib import Path

import pytest

from infra.errors import OperatorError
from stack.instance import PORTS, open_instance
from stack.servers import lifecycle
from stack.servers.definitions import Server


def test_taken_port_is_one_line_with_the_fix(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        instance = open_instance(tmp_path, taken.getsockname()[1] - PORTS["redis"])
        server = Server("redis", [], ["redis"], lambda: True)
        with pytest.raises(OperatorError, match=rf"port {taken.getsockname()[1]}, for redis, is in use: .*--port"):
            lifecycle._require_free_ports(instance, server)
