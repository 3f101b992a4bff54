"""Simulated worlds on the real servers."""

from collections.abc import Sequence

import pytest

from infra.presto import fetch
from stack.instance import Instance
from stack.operations.pipeline_status import realm_progress
from tests.support.command_line import guildhall
from tests.support.pipeline import wait_until_caught_up


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "one of --history and --scenario"),
        (("--history", "3d", "--scenario", "launch-day"), "one of"),
        (("--history", "3w"), "a number of days"),
        (("--scenario", "picnic"), "there are launch-day"),
        (("--scenario", "launch-day", "--events", "1000"), "--events is for"),
        (("--history", "3d", "--players", "9000", "--events", "1000"), "choose"),
    ],
)
def test_what_cannot_be_played_is_one_line(pipeline: Instance, arguments: Sequence[str], said: str) -> None:
    answer = guildhall(pipeline, "play", *arguments)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_history_is_settled_landed_and_verified(pipeline: Instance) -> None:
    wait_until_caught_up(pipeline)
    before = realm_progress(pipeline)
    answer = guildhall(pipeline, "play", "--history", "5d", "--events", "3000", "--seed", "77")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "rejected = 0, stale = 0" in answer.stdout
    wait_until_caught_up(pipeline)
    after = realm_progress(pipeline)
    assert sum(r.accepted for r in after) - sum(r.accepted for r in before) == 3000
    rows = fetch(
        pipeline.settings(),
        "select count(*), count(distinct event_id), count(distinct date(event_time)) from events "
        "where element_at(details, 'generated') = '77'",
    ).rows[0]
    assert rows[0] == 3000
    assert rows[2] in (5, 6)
    ends = {
        name: sum(r.totals.get(name, 0) for r in after) - sum(r.totals.get(name, 0) for r in before)
        for name in ("settled", "duplicate", "telemetry", "rejected", "stale")
    }
    assert ends["settled"] + ends["telemetry"] == rows[1]
    assert ends["duplicate"] == 3000 - rows[1]
    assert (ends["rejected"], ends["stale"]) == (0, 0)
    assert guildhall(pipeline, "verify").returncode == 0
    again = guildhall(pipeline, "play", "--history", "5d", "--events", "3000", "--seed", "77")
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "another --seed" in again.stderr


def test_a_scenario_is_in_the_log_as_ab_counts_it(pipeline: Instance) -> None:
    answer = guildhall(
        pipeline, "play", "--scenario", "bot-attack", "--players", "8", "--minutes", "0.34", "--seed", "5"
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "the same" in answer.stdout
    folder = next(pipeline.folder("figures").glob("bot-attack-5-*"))
    assert {"summary.json", "requests.csv", "percentages.csv", "latency.png", "requests.png"} <= {
        file.name for file in folder.iterdir()
    }
    assert '"429"' in (folder / "summary.json").read_text()
