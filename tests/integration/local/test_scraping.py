"""Test scraping metrics from a running server."""

import http.server
import threading
from collections.abc import Iterator

import pytest
import requests
from prometheus_client import CollectorRegistry, start_http_server

from infra import metrics
from infra.metrics import scrape


@pytest.fixture
def server_url() -> Iterator[str]:
    registry = CollectorRegistry()
    metrics.TABLE_FILES.create(registry).labels("events").set(3)
    metrics.HOLDS_TAKEN.create(registry).inc(2)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    assert isinstance(server, http.server.HTTPServer)
    assert isinstance(thread, threading.Thread)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_scrape_reads_a_server(server_url: str) -> None:
    wanted = [metrics.TABLE_FILES.name, metrics.PARTITION_FILES.name]
    assert scrape(f"{server_url}/metrics", 5, wanted) == {
        metrics.TABLE_FILES.name: {("events",): 3},
        metrics.PARTITION_FILES.name: {},
    }
    assert scrape(f"{server_url}/metrics", 5)["guildhall_holds_taken_total"] == {(): 2}


def test_scrape_of_a_stopped_server_is_a_request_error() -> None:
    with pytest.raises(requests.RequestException):
        scrape("http://127.0.0.1:1/metrics", 1)
