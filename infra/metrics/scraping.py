"""Reads the metrics of another process."""

from collections.abc import Sequence

import requests
from prometheus_client.parser import text_string_to_metric_families

# Sample name -> values of its labels, in the order of the labels -> value of the sample.
Scrape = dict[str, dict[tuple[str, ...], float]]


def scrape(url: str, timeout: float, names: Sequence[str] = ()) -> Scrape:
    """Read the metrics page at ``url``; ``timeout`` is in seconds.

    If ``names`` are given, the server is asked only for these samples, so that it need not compute the others. Each of
    the names is then a key of the result, even if the server has no value for it. A sample name includes the suffix of
    a histogram or counter (``_bucket``, ``_sum``, ``_count``, ``_total``). A value without labels has the key ``()``.
    Raises requests.RequestException if the server is unreachable or responds with an error, and ValueError if the
    response is not in Prometheus's text format.
    """
    response = requests.get(url, params=[("name[]", name) for name in names], timeout=timeout)
    response.raise_for_status()
    return parse_samples(response.text, names)


def parse_samples(text: str, names: Sequence[str] = ()) -> Scrape:
    """Parse Prometheus's text format into values by sample name and label values; see :func:`scrape`."""
    samples: Scrape = {name: {} for name in names}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if not names or sample.name in samples:
                samples.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return samples
