"""Test the metrics that the API's processes keep."""

from typing import get_args

from api.backend.group_commit import Result, outcome_name
from api.backend.process_metrics import OUTCOMES


def test_every_outcome_of_a_commit_is_counted_from_zero() -> None:
    never = {"held", "resumed"}  # never the final outcome of a commit, because an append follows
    assert {outcome_name(outcome.__name__) for outcome in get_args(Result)} - never == set(OUTCOMES)
