"""Read what Apache Bench writes: its report, its messages about each response, and its files of measured times."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import Final, NamedTuple

PERCENTILES: Final = (50, 95, 99)

# The messages that ab -v 3 prints about each response.
_STATUS = re.compile(r"^(?:LOG: Response code = |WARNING: Response code not 2xx \()(\d{3})\)?$", re.MULTILINE)
# The report begins with these words. The text before them contains the responses, and so also the tokens of guests.
_REPORT = "Server Software:"


class ReportCounts(NamedTuple):
    """Numbers of requests in ab's report. A failed request got no response, or a response that ab could not read."""

    complete: int
    non_2xx: int
    failed: int


def parse_report(text: str) -> ReportCounts:
    """Read the counts of ab's report. Raises ValueError if the text is not a report."""

    def count(label: str, default: int | None = None) -> int:
        found = re.search(rf"^\s*{label}:?\s+(\d+)", text, re.MULTILINE)
        if not found and default is None:
            raise ValueError(f"no {label!r} in ab's report")
        return int(found.group(1)) if found else default or 0

    return ReportCounts(count("Complete requests"), count("Non-2xx responses", 0), count("Failed requests"))


def without_responses(text: str) -> str:
    """Return ab's report without the responses that ab printed before it.

    Returns an empty string if ab ended before it printed a report.
    """
    begin = text.rfind(_REPORT)
    return text[begin:] if begin >= 0 else ""


def statuses_of(text: str, requests: int) -> Counter[int]:
    """Return the number of responses for each HTTP status, from the text that ab -v 3 printed.

    ``requests`` is the number of requests in the run. Status 0 counts the requests that got no response.
    """
    statuses = Counter(int(status) for status in _STATUS.findall(text))
    statuses[0] += max(0, requests - statuses.total())
    return +statuses


def read_rows(file: Path, delimiter: str) -> list[list[str]]:
    """Return the rows of one of ab's files without the header.

    Returns an empty list if ab ended before it wrote the file.
    """
    if not file.exists():
        return []
    with file.open(newline="") as lines:
        return list(csv.reader(lines, delimiter=delimiter))[1:]


def total_ms(row: Sequence[str]) -> int:
    """Return one request's milliseconds from connection to end of response, given a row of ab's -g file."""
    return int(row[4])


def percentile(times: Sequence[int], percent: int) -> float:
    """Return a percentile of the times, or 0 if the list is empty."""
    if len(times) < 2:
        return float(times[0]) if times else 0.0
    return quantiles(times, n=100, method="inclusive")[percent - 1]
