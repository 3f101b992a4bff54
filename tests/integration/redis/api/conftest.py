"""Fixtures of the tests of the API over Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from tests.support.api_world import ApiWorld


@pytest.fixture
def world(empty_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> ApiWorld:
    """Return a realm for requests of the document, with streams that end soon."""
    from api.backend.telemetry import Telemetry
    from api.http import sse
    from tests.support.api_world import ApiWorld

    monkeypatch.setattr(sse, "MAX_SECONDS", 0.05)
    monkeypatch.setattr(sse, "POLL_SECONDS", 0.02)
    # Its thread might append to the log of the next test; telemetry has tests of its own.
    monkeypatch.setattr(Telemetry, "record_view", lambda *_: None)
    return ApiWorld(empty_redis)
