"""``GET /status``: how far each realm is, which servers answer, and what happened last."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

import redis
import requests
from kafka.errors import KafkaError

from api.backend.serializers import as_json
from game.events import format_time
from infra import metrics
from infra.kafka.topic import end_offsets
from infra.settings import Settings
from state.ledger import Ledger
from state.results import Overview

FRESH_SECONDS: Final = 1.0  # for so long one answer serves everybody who watches
PATIENCE_SECONDS: Final = 1.5  # a server that takes longer is not well, and the others should be shown
LATEST: Final = 12


class StatusService:
    """Asks all servers, in parallel and at most once a second for all who want to know."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger, self._settings = ledger, settings
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._state: dict[str, Any] = {}
        self._fresh_until = 0.0

    def state(self) -> dict[str, Any]:
        """The answer of ``GET /status``."""
        with self._lock:
            if time.monotonic() > self._fresh_until:
                self._state = self._look()
                self._fresh_until = time.monotonic() + FRESH_SECONDS
            return self._state

    def _look(self) -> dict[str, Any]:
        # Not made in the constructor, because threads do not survive a server's fork.
        self._pool = self._pool or ThreadPoolExecutor(6, thread_name_prefix="watch")
        asked = {
            "kafka": self._pool.submit(_attempt, lambda: end_offsets(self._settings)),
            "streaming": self._pool.submit(_attempt, self._landed),
            "hdfs": self._pool.submit(_attempt, lambda: self._get(self._settings.namenode_http_port, "/jmx?qry=none")),
            "presto": self._pool.submit(_attempt, lambda: self._get(self._settings.presto_port, "/v1/info")),
            "redis": self._pool.submit(_attempt, self._overviews),
        }
        found = {name: future.result() for name, future in asked.items()}
        views: dict[int, Overview] = found["redis"] or {}
        realms = range(self._settings.realms)
        return {
            "time": format_time(datetime.now(UTC)),
            "realms": [self._realm(n, views.get(n), found["kafka"] or {}, found["streaming"] or {}) for n in realms],
            "servers": [{"name": name, "up": answer is not None} for name, answer in found.items()],
            "latest": _latest(views),
        }

    def _overviews(self) -> dict[int, Overview]:
        return {n: self._ledger.overview(n, LATEST) for n in range(self._settings.realms)}

    def _landed(self) -> dict[int, int]:
        # This gauge alone: the others ask Kafka, and while it is down they take longer than anybody waits here.
        name = metrics.LANDED_OFFSET.name
        url = f"http://{self._settings.presto_host}:{self._settings.streaming_metrics_port}/metrics"
        found = metrics.scrape(url, PATIENCE_SECONDS, [name])[name]
        return {int(realm): int(offset) + 1 for (realm,), offset in found.items()}

    def _get(self, port: int, path: str) -> requests.Response:
        host = self._settings.presto_host
        answer = requests.get(f"http://{host}:{port}{path}", timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        return answer

    def _realm(self, n: int, view: Overview | None, ends: dict[int, int], landed: dict[int, int]) -> dict[str, Any]:
        accepted, past = ends.get(n), landed.get(n)
        settled = view.offset + 1 if view else None
        return {
            "realm": n,
            "accepted": accepted,
            "settled": settled,
            "landed": past,
            "settle_lag": _difference(accepted, settled),
            "land_lag": _difference(accepted, past),
            "lag_seconds": self._age(view.first_deadline_ms) if view else None,
            "open_holds": view.open_holds if view else None,
            "recovering": view.recovering if view else False,
            "halted": view.halted if view else "",
            "totals": view.totals if view else {},
            "types": view.types if view else {},
        }

    def _age(self, deadline_ms: int) -> float | None:
        """Seconds since the oldest open hold was taken: its deadline is so much later."""
        if deadline_ms == 0:
            return None
        return round(max(0.0, time.time() - deadline_ms / 1000 + self._settings.hold_seconds), 3)


def _attempt(ask: Callable[[], Any]) -> Any:
    """What the server answers, None if it does not."""
    try:
        return ask()
    except (redis.RedisError, KafkaError, requests.RequestException, ValueError):
        return None


def _difference(accepted: int | None, past: int | None) -> int | None:
    # The servers are not asked at the same moment, so that a stream may look ahead of the log.
    return None if accepted is None or past is None else max(0, accepted - past)


def _latest(views: dict[int, Overview]) -> list[dict[str, Any]]:
    entries = [(entry.at_ms, realm, entry) for realm, view in views.items() for entry in view.latest]
    newest = sorted(entries, key=lambda item: item[:2], reverse=True)[:LATEST]
    return [{"realm": realm, **as_json(entry)} for _, realm, entry in newest]
