"""Test simulated worlds on the real servers."""

from infra.presto import fetch
from stack.instance import Instance
from tests.support.command_line import guildhall
from tests.system.conftest import DAYS, EVENTS, SEED, Backfilled


def test_backfill_is_settled_and_landed(pipeline: Instance, backfilled: Backfilled) -> None:
    assert backfilled.command.returncode == 0, backfilled.command.stdout + backfilled.command.stderr
    assert "rejected = 0, stale = 0" in backfilled.command.stdout
    accepted = [sum(realm.accepted for realm in realms) for realms in (backfilled.before, backfilled.after)]
    assert accepted[1] - accepted[0] == EVENTS
    text = "select count(*), count(distinct event_id), count(distinct date(event_time)) from events "
    text += f"where element_at(details, 'generated') = '{SEED}'"
    (rows, ids, days) = fetch(pipeline.settings(), text).rows[0]
    assert rows == EVENTS
    assert days in (DAYS, DAYS + 1)
    assert backfilled.growth("settled") + backfilled.growth("telemetry") == ids
    assert backfilled.growth("duplicate") == EVENTS - ids
    assert (backfilled.growth("rejected"), backfilled.growth("stale")) == (0, 0)


def test_backfill_with_the_same_seed_is_refused(pipeline: Instance, backfilled: Backfilled) -> None:
    again = guildhall(pipeline, "backfill", f"{DAYS}d", "--events", str(EVENTS), "--seed", str(SEED))
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "another --seed" in again.stderr


def test_scenario_is_in_the_log_as_ab_counts_it(pipeline: Instance) -> None:
    arguments = ("scenario", "bot-attack", "--players", "8", "--minutes", "0.2", "--seed", "5")
    done = guildhall(pipeline, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the same" in done.stdout
    folder = next(pipeline.folder("figures").glob("bot-attack-5-*"))
    assert {"summary.json", "requests.csv", "percentages.csv", "latency.png", "requests.png"} <= {
        file.name for file in folder.iterdir()
    }
    assert '"429"' in (folder / "summary.json").read_text()
