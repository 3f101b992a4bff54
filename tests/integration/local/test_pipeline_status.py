"""Test that the routes for operators respond within their time limit when servers are down or silent.

Operators look at these routes mostly when servers are down.
"""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from api.app import create_app
from api.backend.pipeline_status import StatusService
from api.backend.probes import PATIENCE_SECONDS, Probes
from infra.settings import Settings
from state.results import Overview

# Longest time that a response may take: the limit PATIENCE_SECONDS plus 2.5 s for a loaded machine. The sum must stay
# below 5 s. After 5 s the clients of Kafka and Redis give up by themselves, so the test would not prove that the API
# has a limit.
MAX_SECONDS = PATIENCE_SECONDS + 2.5
HANG_SECONDS = 20.0


class Hanging:
    """A stand-in for Redis and Kafka that does not respond until the test ends."""

    def __init__(self) -> None:
        self.calls = 0
        self.released = threading.Event()

    def ready(self) -> bool:
        return not self.hang()

    def overview(self, _realm: int, _latest: int) -> Overview:
        self.hang()
        return overview()

    def hang(self) -> bool:
        self.calls += 1
        return self.released.wait(HANG_SECONDS)


class Healthy(Hanging):
    """A stand-in that responds at once."""

    def hang(self) -> bool:
        return False


def overview() -> Overview:
    return Overview(6, {}, {}, 0, 0, recovering=False, halted="", latest=())


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    server = Hanging()
    yield server
    server.released.set()


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """Reserve a port that refuses connections, and yield its number."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield unused.getsockname()[1]


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """Open a port that accepts connections and never sends a byte, like a paused server."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield server.getsockname()[1]


def status_service(ledger: Hanging, port: int) -> StatusService:
    settings = Settings(
        realms=1,
        kafka=f"127.0.0.1:{port}",
        presto_port=port,
        namenode_http_port=port,
        streaming_metrics_port=port,
    )
    return StatusService(ledger, settings, Probes())  # type: ignore[arg-type]


def look(service: StatusService) -> tuple[dict[str, Any], float]:
    begun = time.monotonic()
    state = service.state()
    return state, time.monotonic() - begun


@pytest.mark.parametrize("ports", [closed_port, silent_port])
def test_status_is_bounded_without_servers(ports, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "kafka")
    with ports() as port:
        state, seconds = look(status_service(Healthy(), port))
    assert seconds < MAX_SECONDS
    assert {server["name"]: server["up"] for server in state["servers"]} == {
        "kafka": False,
        "streaming": False,
        "hdfs": False,
        "presto": False,
        "redis": True,
    }
    assert state["realms"][0]["settled"] == 7


def test_status_is_bounded_with_a_silent_ledger(hanging: Hanging, caplog: pytest.LogCaptureFixture) -> None:
    """While one probe hangs, no second probe may start.

    Otherwise each look at the status would cost another thread.
    """
    caplog.set_level(logging.CRITICAL, "kafka")
    with closed_port() as port:
        service = status_service(hanging, port)
        for _ in range(2):
            state, seconds = look(service)
            assert seconds < MAX_SECONDS
            assert not {server["name"]: server["up"] for server in state["servers"]}["redis"]
            service._fresh_until = 0.0
    assert hanging.calls == 1


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
@pytest.mark.parametrize("is_ledger_up", [True, False])
def test_operator_routes_are_bounded(path: str, is_ledger_up: bool, hanging: Hanging) -> None:
    settings = Settings(realms=1, token_key=SecretStr("k" * 32))
    app = create_app(settings, Healthy() if is_ledger_up else hanging, hanging)  # type: ignore[arg-type]
    begun = time.monotonic()
    response = app.test_client().get(path)
    assert time.monotonic() - begun < MAX_SECONDS
    assert response.status_code == (503 if path == "/readyz" else 200)
    if path == "/metrics":
        assert f'guildhall_source_up{{source="redis"}} {float(is_ledger_up)}' in response.text
