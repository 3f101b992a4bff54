"""Test reading a page of metrics."""

import pytest

from infra.metrics import parse_samples

PAGE = """\
# HELP guildhall_landed_offset Highest landed offset.
# TYPE guildhall_landed_offset gauge
guildhall_landed_offset{realm="0"} -1.0
guildhall_landed_offset{realm="1"} 7.0
# HELP guildhall_batch_seconds Time.
# TYPE guildhall_batch_seconds histogram
guildhall_batch_seconds_bucket{stage="land",le="1.0"} 3.0
guildhall_batch_seconds_bucket{stage="land",le="+Inf"} 4.0
guildhall_batch_seconds_count{stage="land"} 4.0
guildhall_batch_seconds_sum{stage="land"} 5.5
# HELP guildhall_holds_taken_total Holds.
# TYPE guildhall_holds_taken_total counter
guildhall_holds_taken_total 12.0
"""


def test_samples_are_found_by_name_and_label_values() -> None:
    found = parse_samples(PAGE)
    assert found["guildhall_landed_offset"] == {("0",): -1, ("1",): 7}
    assert found["guildhall_batch_seconds_bucket"] == {("land", "1.0"): 3, ("land", "+Inf"): 4}
    assert found["guildhall_batch_seconds_sum"] == {("land",): 5.5}
    assert found["guildhall_holds_taken_total"] == {(): 12}


def test_wanted_samples_are_kept_and_missing_ones_are_empty() -> None:
    found = parse_samples(PAGE, ["guildhall_batch_seconds_count", "guildhall_table_files"])
    assert found == {"guildhall_batch_seconds_count": {("land",): 4}, "guildhall_table_files": {}}


def test_text_in_another_format_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_samples("<html>not metrics</html>")
