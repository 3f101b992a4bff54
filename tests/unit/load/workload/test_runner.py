"""Test that the workload accepts only this machine as its target."""

from pathlib import Path

import pytest

from load.workload.runner import play


@pytest.mark.parametrize("url", ["http://example.org", "http://10.0.0.1:80", "http://localhost.example.org", ""])
def test_workload_plays_on_this_machine_only(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not this machine"):
        play(url, 1, 1, 1, 1, tmp_path / "history.jsonl", 1)
