"""Apache Bench's report."""

import pytest

from load.scenarios.smoke_results import parse_ab


def test_report_of_ab_is_parsed() -> None:
    report = "Complete requests:      50\nFailed requests:        1\nNon-2xx responses:      12\n  95%     33\n"
    assert parse_ab(report) == (50, 12, 1, 33)
    with pytest.raises(ValueError, match="Complete requests"):
        parse_ab("ab: connection refused")
