"""Read metrics as a process serves them."""

import re
from typing import Any

import redis
from kafka.errors import KafkaError
from prometheus_client.parser import text_string_to_metric_families

from infra import metrics
from infra.metrics import Server
from tests.support.api_harness import Api

Scrape = dict[str, float]  # maps the name and labels of each sample to its value


def parse(text: str) -> Scrape:
    return {
        sample.name + "".join(f",{name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def types(text: str) -> dict[str, str]:
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def declared(server: Server) -> dict[str, str]:
    return {m.name: kind(m) for m in metrics.ALL if server in m.served_by}


def kind(metric: metrics.Metric) -> str:
    return type(metric).__name__.removesuffix("Metric").lower()


class Broken:
    """A stand-in for a ledger or a log that is unreachable."""

    def overview(self, *_: object) -> Any:
        raise redis.ConnectionError

    def ends(self) -> Any:
        raise KafkaError


def scraped(api: Api) -> Scrape:
    return parse(api.client.get("/metrics").text)


def grown(before: Scrape, after: Scrape) -> Scrape:
    """Return how much each sample has grown. Buckets and sums of histograms are left out."""
    found = {name: value - before.get(name, 0) for name, value in after.items()}
    return {name: n for name, n in found.items() if n and not re.search(r"_(bucket|sum)\b", name)}
