"""``GET /metrics`` for Prometheus, and the metrics and log lines of every request."""

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
# Only counted: a client that sends too many requests must not push everything else out of the log.
_NOT_LOGGED = {HTTPStatus.TOO_MANY_REQUESTS}
# A client can invent methods, and each label value would be a time series permanently.
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_LATEST = 1  # the ledger's overview contains at least one event, although no metric needs it


def register_metrics(app: Flask) -> None:
    """Add the route and count every request, including those that match no route."""
    app.add_url_rule("/metrics", "metrics", scrape, methods=["GET"])
    # The first of all hooks, so that requests that another hook rejects are timed as well.
    app.before_request_funcs.setdefault(None, []).insert(0, _begin)
    app.after_request(_count)


def scrape() -> Response:
    """Return the metrics of all processes of this API, in the format that Prometheus asks for."""
    registry = api_metrics().registry()
    registry.register(_OpenHolds(current_app.extensions["guildhall"]))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=content_type)


class _OpenHolds:
    """Collects the open holds of each realm from the ledger."""

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
    # From the response itself, so that the count is what the client got, wherever the response was made.
    body = response.get_json()
    count_rejection(str(body["type"]).rpartition("/")[2], response.status_code, body.get("event"))


def count_rejection(reason: str, status: int, event_id: str | None = None) -> None:
    """Count a problem of this code, and log it unless it is irrelevant for operators.

    Problems that are a whole response are counted automatically: call this for a problem that is part of a response.
    """
    api_metrics().refusals.labels(reason).inc()
    is_failed_read = request.method in ("GET", "HEAD") and status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not is_failed_read and status not in _NOT_LOGGED:
        action_log.log_rejection(reason, status, event_id)


def _method() -> str:
    return request.method if request.method in _METHODS else "other"


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "unmatched"
