"""Test parsing the report that Apache Bench prints."""

import pytest

from load.scenarios.ab_output import parse_report


def test_report_of_ab_is_parsed() -> None:
    report = "Complete requests:      50\nFailed requests:        1\nNon-2xx responses:      12\n  95%     33\n"
    assert parse_report(report) == (50, 12, 1)
    with pytest.raises(ValueError, match="Complete requests"):
        parse_report("ab: connection refused")
