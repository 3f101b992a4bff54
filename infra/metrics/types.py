"""Classes that declare metrics. A process creates the metrics that it serves from these declarations."""

from dataclasses import dataclass
from enum import StrEnum

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

# The ``_created`` series say when each counter began. They would double the number of series, and no alert needs them.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class Server(StrEnum):
    """A process that serves metrics."""

    API = "api"
    STREAMING = "streaming"


@dataclass(frozen=True, slots=True)
class Metric:
    """The declaration of a metric. ``unit`` names what its values count, in the plural, such as ``events``."""

    name: str
    help: str
    unit: str
    served_by: tuple[Server, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CounterMetric(Metric):
    """A value that only grows while its process runs."""

    def create(self, registry: CollectorRegistry) -> Counter:
        """Create a counter that this process increments."""
        return Counter(self.name, self.help, self.labels, registry=registry)

    def family(self) -> CounterMetricFamily:
        """Create an empty family for values that are read from another server at each scrape."""
        return CounterMetricFamily(self.name, self.help, labels=self.labels)


@dataclass(frozen=True, slots=True)
class GaugeMetric(Metric):
    """A value that goes up and down."""

    def create(self, registry: CollectorRegistry) -> Gauge:
        """Create a gauge that this process sets."""
        return Gauge(self.name, self.help, self.labels, registry=registry)

    def family(self) -> GaugeMetricFamily:
        """Create an empty family for values that are read from another server at each scrape."""
        return GaugeMetricFamily(self.name, self.help, labels=self.labels)


@dataclass(frozen=True, slots=True)
class HistogramMetric(Metric):
    """A histogram: for each bound in ``buckets``, it counts the values that do not exceed the bound."""

    buckets: tuple[float, ...] = ()

    def create(self, registry: CollectorRegistry) -> Histogram:
        """Create a histogram that this process fills."""
        return Histogram(self.name, self.help, self.labels, registry=registry, buckets=self.buckets)

    def family(self) -> HistogramMetricFamily:
        """Create an empty family for buckets that are read from another server at each scrape."""
        return HistogramMetricFamily(self.name, self.help, labels=self.labels)
