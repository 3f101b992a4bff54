"""Test that the page's texts and docs/concepts/game.md cover the whole catalogue.

Both are written by hand and not generated from the catalogue, so something could be missing.
"""

import re

import pytest

from game.commands import COMMANDS, Command
from game.event_types import EVENT_TYPES
from game.events import FENCE
from infra.paths import ROOT

WORDS = (ROOT / "api" / "page" / "static" / "text.js").read_text()
GAME = (ROOT / "docs" / "concepts" / "game.md").read_text()


def test_page_has_words_for_every_event_type() -> None:
    assert set(re.findall(r"^  ([a-z_]+): \(", WORDS, re.MULTILINE)) == EVENT_TYPES.keys() - {FENCE}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_game_page_describes_every_command(command: type[Command]) -> None:
    path = re.sub(r"{(\w+)}", "<[a-z]+>", command.route.path)
    assert re.search(rf"`({command.route.method} )?{path}`", GAME)
    assert all(f"`{event_type}`" in GAME for event_type in command.events)
