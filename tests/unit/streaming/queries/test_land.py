"""Test the limit on malformed records in a row."""

import pytest

from state.ledger import TooManyMalformed
from streaming.queries.land import ConsecutiveMalformedLimit


def test_too_many_malformed_records_in_a_row_halt() -> None:
    allowed = {0: -1, 1: -1}
    runs = ConsecutiveMalformedLimit(3, allowed.__getitem__)
    runs.check([(0, 5), (0, 6), (0, 7), (0, 9), (1, 8)], {})
    runs.check([(0, 10), (0, 11)], {})
    with pytest.raises(TooManyMalformed, match="realm 0: 4 malformed records in a row up to offset 12"):
        runs.check([(0, 12)], {})
    runs.check([(0, 12)], {0: 12})  # this record is already in quarantine
    with pytest.raises(TooManyMalformed, match="realm 0: 5 malformed"):
        runs.check([(0, 13)], {0: 12})
    allowed[0] = 13
    runs.check([(0, 13)], {0: 12})
    runs.check([(0, 20), (0, 21), (0, 22)], {})
    ConsecutiveMalformedLimit(0, allowed.__getitem__).check([(0, n) for n in range(99)], {})
