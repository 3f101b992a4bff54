"""Test the parts of a campaign that need no servers: its schedule, its garbage and its figures."""

import random

import pytest

from game.events import MAX_BYTES, Malformed, decode
from infra.settings import Settings
from load.checker.model import Record, fold
from load.faults.campaign import Campaign, InjectionResult
from load.faults.injectors import EVERY_SERVER, catalogue
from load.faults.rogue_producer import copies, forged, garbage
from load.faults.schedule import order, steps
from load.workload.history import Operation

FAULTS = catalogue(Settings(), random.Random(1))


@pytest.mark.parametrize("seed", range(20))
def test_every_fault_comes_once_before_any_again(seed: int) -> None:
    names = [fault.name for fault in order(FAULTS, 2 * len(FAULTS) + 3, random.Random(seed))]
    for begin in (0, len(FAULTS)):
        assert len(set(names[begin : begin + len(FAULTS)])) == len(FAULTS)
    assert names == [fault.name for fault in order(FAULTS, len(names), random.Random(seed))]


@pytest.mark.parametrize("seed", range(20))
def test_concurrent_faults_hit_different_servers(seed: int) -> None:
    rng = random.Random(seed)
    ordered = order(FAULTS, 60, rng)
    planned = steps(ordered, rng)
    assert [fault for step in planned for fault in step] == ordered
    pairs = [[fault.server for fault in step] for step in planned if len(step) > 1]
    assert pairs
    assert all(len(set(servers)) == 2 and EVERY_SERVER not in servers for servers in pairs)


def test_garbage_is_malformed() -> None:
    values = list(garbage(2))
    assert max(len(value or b"") for value in values) > MAX_BYTES
    for value in values:
        with pytest.raises(Malformed):
            decode(value, 2)


def test_forged_events_change_no_balance() -> None:
    values = list(forged(2, generation=-1))
    books = fold(2, [Record(offset, 0, value) for offset, value in enumerate(values)])
    assert len(books.events) == len(values)
    assert set(books.statuses.values()) == {"rejected", "stale"}
    assert books.balances == {}


def test_copies_are_records_of_the_realm() -> None:
    records = [Record(offset, 0, b"%d" % offset) for offset in range(100)]
    assert set(copies(records, random.Random(1))) < {record.value for record in records}
    assert copies(records[:2], random.Random(1))


def test_fault_is_over_when_every_realm_accepts() -> None:
    campaign, outcome = Campaign(1, 0.0), InjectionResult("a fault", began=10.0, done=12.0)
    assert campaign.seconds_until_accepting(outcome) is None
    campaign.operations = [
        bought(realm=0, begun=11.0),  # proves nothing, because it was sent before the injection was complete
        bought(realm=0, begun=13.0),
        bought(realm=0, begun=14.0),
    ]
    assert campaign.seconds_until_accepting(outcome) == 13.5 - 10.0
    campaign.operations.append(bought(realm=1, begun=11.0))
    assert campaign.seconds_until_accepting(outcome) is None
    campaign.operations.append(bought(realm=1, begun=20.0))
    assert campaign.seconds_until_accepting(outcome) == 20.5 - 10.0


def bought(realm: int, begun: float) -> Operation:
    """Return an accepted purchase that was sent at the time ``begun``, in seconds."""
    return Operation(0, realm, "ada", "buy_sword", "a key", {}, begun, begun + 0.5, "success", "an id", None)
