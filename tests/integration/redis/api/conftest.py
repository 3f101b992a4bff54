"""Provide the fixtures for the tests of the API over a real Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from tests.support.api_world import ApiWorld


@pytest.fixture
def world(empty_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> ApiWorld:
    """Return a realm that is prepared for the requests in the API's document. Its event streams end after 0.05 s."""
    from api.backend.telemetry import Telemetry
    from api.http import sse
    from tests.support.api_world import ApiWorld

    monkeypatch.setattr(sse, "MAX_SECONDS", 0.05)
    monkeypatch.setattr(sse, "POLL_SECONDS", 0.02)
    # Disable telemetry, because its thread might append to the log of the next test. Telemetry is tested elsewhere.
    monkeypatch.setattr(Telemetry, "record_view", lambda *_: None)
    return ApiWorld(empty_redis)
