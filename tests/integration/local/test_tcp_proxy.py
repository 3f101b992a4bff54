"""Test the TCP proxy."""

import signal
import socket
import subprocess
import sys

from infra.paths import ROOT
from tests.support.ports import free_block
from tests.support.waiting import eventually


def test_proxy_passes_both_ways_until_both_end() -> None:
    port = free_block(2)
    with socket.create_server(("127.0.0.1", port + 1)) as there:
        relay = subprocess.Popen(
            [sys.executable, "-m", "stack.servers.tcp_proxy", str(port), f"127.0.0.1:{port + 1}"], cwd=ROOT
        )
        try:
            eventually(lambda: _connects(port))
            there.accept()[0].close()
            with socket.create_connection(("127.0.0.1", port)) as here, there.accept()[0] as end:
                here.sendall(b"question")
                here.shutdown(socket.SHUT_WR)
                assert end.recv(100) == b"question"
                assert end.recv(100) == b""
                end.sendall(b"answer")
                end.close()
                assert here.recv(100) == b"answer"
                assert here.recv(100) == b""
            relay.send_signal(signal.SIGTERM)
            assert relay.wait(20) == 0
        finally:
            relay.kill()
            relay.wait()


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
