"""Count, time and log every request, and serve ``GET /metrics`` for Prometheus."""

import time
from collections.abc import Iterator
from http import HTTPStatus

from flask import Flask, Response, current_app, g, request
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family

from api.backend import action_log
from api.backend.process_metrics import api_metrics
from api.http.services import Services
from infra import json_logging, metrics

PROBLEM = "application/problem+json"
# Responses with these statuses are counted but not logged. Otherwise a client that sends too many requests would fill
# the log and push out all other lines.
_NOT_LOGGED = {HTTPStatus.TOO_MANY_REQUESTS}
# Other methods are counted as "other". A client can invent methods, and each method would become a permanent time
# series in Prometheus.
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_LATEST = 1  # events to read with the ledger's overview; no metric needs events, but at least 1 must be requested


def register_metrics(app: Flask) -> None:
    """Add the route ``/metrics``, and count every request, including requests that match no route."""
    app.add_url_rule("/metrics", "metrics", scrape, methods=["GET"])
    # Insert this hook before all others, so that a request is also timed if another hook rejects it.
    app.before_request_funcs.setdefault(None, []).insert(0, _begin)
    app.after_request(_count)


def scrape() -> Response:
    """Return the metrics of all processes of this API, in the format that Prometheus asks for."""
    registry = api_metrics().registry()
    registry.register(_OpenHolds(current_app.extensions["guildhall"]))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=content_type)


class _OpenHolds:
    """Collects the number of open holds in each realm from the ledger."""

    def __init__(self, parts: Services) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Family]:
        up, holds = metrics.SOURCE_UP.family(), metrics.HOLDS_OPEN.family()
        counts = self._parts.probes.run({"open holds": self._count})["open holds"]
        if isinstance(counts, Exception):
            up.add_metric(["redis"], 0)
        else:
            up.add_metric(["redis"], 1)
            for realm, count in counts.items():
                holds.add_metric([str(realm)], count)
            yield holds
        yield up

    def _count(self) -> dict[int, int]:
        ledger, realms = self._parts.ledger, range(self._parts.settings.realms)
        return {realm: ledger.overview(realm, _LATEST).open_holds for realm in realms}


def _begin() -> None:
    g.begun = time.perf_counter()
    json_logging.clear_context()
    json_logging.bind_context(request=f"{_method()} {_route()}")


def _count(response: Response) -> Response:
    counts, method, route = api_metrics(), _method(), _route()
    counts.requests.labels(method, route, str(response.status_code)).inc()
    if "begun" in g:
        counts.request_seconds.labels(method, route).observe(time.perf_counter() - g.begun)
    if response.mimetype == PROBLEM:
        _count_problem(response)
    return response


def _count_problem(response: Response) -> None:
    # Read the code from the response itself. So the count matches what the client got, wherever the response was made.
    body = response.get_json()
    count_rejection(str(body["type"]).rpartition("/")[2], response.status_code, body.get("event"))


def count_rejection(reason: str, status: int, event_id: str | None = None) -> None:
    """Count a problem with the code ``reason``, and log it unless it is irrelevant to operators.

    A problem that is a whole response is counted automatically. Call this function only for a problem that is one part
    of a response, such as the result of one action in a batch.
    """
    api_metrics().refusals.labels(reason).inc()
    is_failed_read = request.method in ("GET", "HEAD") and status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not is_failed_read and status not in _NOT_LOGGED:
        action_log.log_rejection(reason, status, event_id)


def _method() -> str:
    return request.method if request.method in _METHODS else "other"


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "unmatched"
