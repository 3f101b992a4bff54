"""Test the Enter key at the prompt."""

import pytest

from analytics.sql_shell.prompt import is_finished


@pytest.mark.parametrize(
    ("text", "finished"),
    [("select 1;", True), ("select 1", False), ("select ';", False), ("\\d events", True), ("quit", True), (" ", True)],
)
def test_enter_sends_finished_statements(text: str, finished: bool) -> None:
    assert is_finished(text) == finished
