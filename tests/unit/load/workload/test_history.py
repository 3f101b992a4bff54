"""Test writing and reading the recorded history."""

from pathlib import Path

from load.workload import history
from tests.support.story import Story


def test_history_is_read_as_it_was_written(story: Story, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    with file.open("w") as out:
        for operation in story.operations:
            history.write(operation, out)
    assert history.read(file) == story.operations
