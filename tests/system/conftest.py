"""Provide a simulated world that several system tests share, and its numbers before and after the backfill.

The pipeline, which the system tests share as well, is a fixture in tests/conftest.py.
"""

from dataclasses import dataclass

import pytest

from stack.instance import Instance
from stack.operations.pipeline_status import RealmProgress, realm_progress
from tests.support.command_line import Completed, guildhall_process
from tests.support.pipeline import wait_until_caught_up

SEED, DAYS, EVENTS = 5, 9, 3000


@dataclass
class Backfilled:
    """The pipeline before and after ``./guildhall backfill``."""

    command: Completed
    before: list[RealmProgress]
    after: list[RealmProgress]

    def growth(self, name: str) -> int:
        """Return how much a count in the ledger has grown."""
        counts = [sum(realm.totals.get(name, 0) for realm in realms) for realms in (self.before, self.after)]
        return counts[1] - counts[0]


@pytest.fixture(scope="session")
def backfilled(pipeline: Instance) -> Backfilled:
    """Backfill one small world, which all tests that need simulated events share."""
    wait_until_caught_up(pipeline)
    before = realm_progress(pipeline)
    arguments = ("backfill", f"{DAYS}d", "--events", str(EVENTS), "--seed", str(SEED))
    command = guildhall_process(pipeline, *arguments)
    wait_until_caught_up(pipeline)
    return Backfilled(command, before, realm_progress(pipeline))
