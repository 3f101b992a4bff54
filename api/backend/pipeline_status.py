"""Collect the response of ``GET /status``: the progress of each realm, the servers that respond, the latest events."""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import requests

from api.backend.probes import PATIENCE_SECONDS, Probes
from api.backend.serializers import as_json
from game.events import format_time
from infra import metrics
from infra.kafka.topic import end_offsets
from infra.settings import Settings
from state.ledger import Ledger
from state.results import Overview

FRESH_SECONDS: Final = 1.0  # all viewers get the same result for this time, so more viewers cause no more requests
MAX_LATEST: Final = 12  # events in the response; the page shows this number


class StatusService:
    """Collects the status of all servers, at most once a second for all viewers together."""

    def __init__(self, ledger: Ledger, settings: Settings, probes: Probes) -> None:
        self._ledger, self._settings, self._probes = ledger, settings, probes
        self._lock = threading.Lock()
        self._state: dict[str, Any] = {}
        self._fresh_until = 0.0

    def state(self) -> dict[str, Any]:
        """Return the body of ``GET /status``. Blocks for at most ``PATIENCE_SECONDS``."""
        with self._lock:
            if time.monotonic() > self._fresh_until:
                self._state = self._collect()
                self._fresh_until = time.monotonic() + FRESH_SECONDS
            return self._state

    def _collect(self) -> dict[str, Any]:
        results = self._probes.run(
            {
                "kafka": lambda: end_offsets(self._settings, PATIENCE_SECONDS),
                "streaming": self._landed,
                "hdfs": lambda: self._get(self._settings.namenode_http_port, "/jmx?qry=none"),
                "presto": lambda: self._get(self._settings.presto_port, "/v1/info"),
                "redis": self._overviews,
            }
        )
        found = {name: None if isinstance(result, Exception) else result for name, result in results.items()}
        overviews: dict[int, Overview] = found["redis"] or {}
        ends, landed = found["kafka"] or {}, found["streaming"] or {}
        return {
            "time": format_time(datetime.now(UTC)),
            "realms": [self._realm(n, overviews.get(n), ends, landed) for n in range(self._settings.realms)],
            "servers": [{"name": name, "up": result is not None} for name, result in found.items()],
            "latest": _latest(overviews),
        }

    def _overviews(self) -> dict[int, Overview]:
        return {n: self._ledger.overview(n, MAX_LATEST) for n in range(self._settings.realms)}

    def _landed(self) -> dict[int, int]:
        # Scrape only this gauge, because the others ask Kafka. While Kafka is down, that takes longer than a probe may.
        name = metrics.LANDED_OFFSET.name
        url = f"http://{self._settings.presto_host}:{self._settings.streaming_metrics_port}/metrics"
        found = metrics.scrape(url, PATIENCE_SECONDS, [name])[name]
        return {int(realm): int(offset) + 1 for (realm,), offset in found.items()}

    def _get(self, port: int, path: str) -> requests.Response:
        host = self._settings.presto_host
        response = requests.get(f"http://{host}:{port}{path}", timeout=PATIENCE_SECONDS)
        response.raise_for_status()
        return response

    def _realm(
        self, n: int, overview: Overview | None, ends: Mapping[int, int], landed: Mapping[int, int]
    ) -> dict[str, Any]:
        accepted, past = ends.get(n), landed.get(n)
        settled = overview.offset + 1 if overview else None
        return {
            "realm": n,
            "accepted": accepted,
            "settled": settled,
            "landed": past,
            "settle_lag": _difference(accepted, settled),
            "land_lag": _difference(accepted, past),
            "lag_seconds": self._age(overview.first_deadline_ms) if overview else None,
            "open_holds": overview.open_holds if overview else None,
            "recovering": overview.recovering if overview else False,
            "halted": overview.halted if overview else "",
            "totals": overview.totals if overview else {},
            "types": overview.types if overview else {},
        }

    def _age(self, deadline_ms: int) -> float | None:
        """Return the age of the oldest open hold in seconds, or None if there is no open hold.

        ``deadline_ms`` is the deadline of that hold in the ledger, or 0 if there is no open hold. A hold's deadline is
        ``hold_seconds`` after the hold was taken.
        """
        if deadline_ms == 0:
            return None
        return round(max(0.0, time.time() - deadline_ms / 1000 + self._settings.hold_seconds), 3)


def _difference(accepted: int | None, past: int | None) -> int | None:
    # The servers respond at different moments, so settling or landing may seem to be ahead of the log.
    return None if accepted is None or past is None else max(0, accepted - past)


def _latest(overviews: Mapping[int, Overview]) -> list[dict[str, Any]]:
    entries = [(entry.at_ms, realm, entry) for realm, overview in overviews.items() for entry in overview.latest]
    newest = sorted(entries, key=lambda item: item[:2], reverse=True)[:MAX_LATEST]
    return [{"realm": realm, **as_json(entry)} for _, realm, entry in newest]
