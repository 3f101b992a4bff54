"""Routes for operators keep their bound when servers are down or silent: that is when operators look at them."""

import contextlib
import logging
import socket
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

SLACK_SECONDS = 0.5  # for threads to start on a loaded machine


class LedgerDouble:
    """Takes ``seconds`` for each overview."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.calls = seconds, 0

    def ready(self) -> None:
        time.sleep(self.seconds)

    def overview(self, _realm: int, _latest: int) -> Overview:
        self.calls += 1
        time.sleep(self.seconds)
        return Overview(6, {}, {}, 0, 0, recovering=False, halted="", latest=())


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses connections."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield unused.getsockname()[1]


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never sends a byte, like a paused server."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield server.getsockname()[1]


def settings_at(port: int) -> Settings:
    return Settings(
        realms=1,
        kafka=f"127.0.0.1:{port}",
        presto_port=port,
        namenode_http_port=port,
        streaming_metrics_port=port,
    )


def status_service(ledger: LedgerDouble, port: int) -> StatusService:
    return StatusService(ledger, settings_at(port), Probes())  # type: ignore[arg-type]


def look(service: StatusService) -> tuple[dict[str, Any], float]:
    begun = time.monotonic()
    state = service.state()
    return state, time.monotonic() - begun


@pytest.mark.parametrize("ports", [closed_port, silent_port])
def test_status_is_bounded_without_servers(ports, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "kafka")
    with ports() as port:
        state, seconds = look(status_service(LedgerDouble(), port))
    assert seconds < PATIENCE_SECONDS + SLACK_SECONDS
    assert {server["name"]: server["up"] for server in state["servers"]} == {
        "kafka": False,
        "streaming": False,
        "hdfs": False,
        "presto": False,
        "redis": True,
    }
    assert state["realms"][0]["settled"] == 7


def test_status_is_bounded_with_a_silent_ledger(caplog: pytest.LogCaptureFixture) -> None:
    """A client of Redis waits 5 s, longer than this route may; and no second probe is started beside a hanging one."""
    caplog.set_level(logging.CRITICAL, "kafka")
    ledger = LedgerDouble(seconds=4 * PATIENCE_SECONDS)
    with closed_port() as port:
        service = status_service(ledger, port)
        for _ in range(2):
            state, seconds = look(service)
            assert seconds < PATIENCE_SECONDS + SLACK_SECONDS
            assert not {server["name"]: server["up"] for server in state["servers"]}["redis"]
            service._fresh_until = 0.0
    assert ledger.calls == 1


class LogDouble:
    """Takes as long as a client of Kafka does to find out that the broker is down."""

    def ready(self) -> bool:
        time.sleep(2 * PATIENCE_SECONDS)
        return False


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
@pytest.mark.parametrize("ledger_seconds", [0.0, 2 * PATIENCE_SECONDS])
def test_operator_routes_are_bounded(path: str, ledger_seconds: float) -> None:
    settings = Settings(realms=1, token_key=SecretStr("k" * 32))
    app = create_app(settings, LedgerDouble(ledger_seconds), LogDouble())  # type: ignore[arg-type]
    begun = time.monotonic()
    response = app.test_client().get(path)
    assert time.monotonic() - begun < PATIENCE_SECONDS + SLACK_SECONDS
    assert response.status_code == (503 if path == "/readyz" else 200)
    if path == "/metrics":
        up = 0 if ledger_seconds else 1
        assert f'guildhall_source_up{{source="redis"}} {up}.0' in response.text
