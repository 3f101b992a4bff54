"""Test the logs of the running pipeline."""

import json
from typing import Any

from stack.instance import Instance
from tests.support.pipeline import Player
from tests.support.waiting import eventually


def test_accepted_event_is_logged_with_its_id(pipeline: Instance) -> None:
    bought = Player(pipeline, 3).post("/buy_sword", sword="wooden_sword").json()
    file = pipeline.home / "logs" / "api.log"

    def line() -> dict[str, Any] | None:
        found = [text for text in file.read_text().splitlines() if bought["id"] in text]
        return json.loads(found[-1]) if found else None

    found = eventually(line)
    assert (found["event"], found["type"], found["offset"]) == ("accepted", "sword_bought", bought["offset"])
    assert (found["realm"], found["player"]) == (3, bought["player"])
