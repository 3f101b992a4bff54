"""Test the arguments of the commands that simulate players."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from infra.errors import OperatorError
from stack.instance import open_instance
from tests.support.command_line import guildhall
from tests.support.lazy import Lazy

world = Lazy("cli.world")  # which draws plots


def test_backfill_ends_at_a_midnight_before_now() -> None:
    now = datetime(2026, 6, 30, 0, 30, tzinfo=UTC)
    assert world.start_of(30, now) == date(2026, 5, 30)  # until the midnight before the last one
    assert world.start_of(30, now.replace(hour=5)) == date(2026, 5, 31)


def test_number_of_days_is_parsed() -> None:
    assert (world.days_of("30d"), world.days_of("1d")) == (30, 1)
    for wrong in ("30", "0d", "d", "-1d", "1w", "999d", ""):
        with pytest.raises(OperatorError):
            world.days_of(wrong)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("backfill", "3w"), "a number of days"),
        (("backfill", "3d", "--players", "9000", "--events", "1000"), "choose"),
        (("scenario", "picnic"), "there are launch-day"),
        (("scenario", "launch-day", "--players", "6000"), "at most 5,000 players"),
    ],
)
def test_impossible_simulation_is_one_line(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    done = guildhall(open_instance(tmp_path, 20000), *arguments)
    assert done.returncode == 2
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["rebuild", "verify"])
def test_unknown_realm_is_one_line(tmp_path: Path, command: str) -> None:
    done = guildhall(open_instance(tmp_path, 20000), command, "--realm", "7")
    assert (done.returncode, done.stderr) == (2, "guildhall: there is no realm 7: realms are 0 to 3\n")
