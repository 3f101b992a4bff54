"""Test the comparison between Redis and Presto, without servers."""

from stack.operations.reconcile.archive import ArchiveLedger, LandedRecords
from stack.operations.reconcile.compare import Difference, compare
from state.results import Snapshot

BALANCES = {"player:ann:gold": 5, "house:mint": -5}
LANDED = LandedRecords(rows=10, offsets=10, last=9, malformed=1, last_event=9)
ARCHIVE = ArchiveLedger(generation=3, counts={"effective": 9}, balances=BALANCES, justified=frozenset())
SNAPSHOT = Snapshot(9, 3, BALANCES, {}, frozenset(), ())


def test_equal_ledgers_hold() -> None:
    result = compare(1, SNAPSHOT, LANDED, ARCHIVE)
    assert result.holds
    assert result.counts == {"effective": 9, "quarantined": 1, "events": 9}


def test_differing_balance_and_unbalanced_sum_do_not_hold() -> None:
    result = compare(1, Snapshot(9, 3, BALANCES | {"player:ann:gold": 6}, {}, frozenset(), ()), LANDED, ARCHIVE)
    assert result.differences == [Difference("player:ann:gold", 6, 5)]
    assert result.total == 1
    assert not result.holds


def test_each_kind_of_finding_is_one_sentence() -> None:
    balances = {"player:ann:gold": -5, "house:mint": 5}
    snapshot = Snapshot(9, 2, balances, {}, frozenset(), (4, 7))
    archive = ArchiveLedger(3, {"rejected": 1}, balances, frozenset({7}))
    result = compare(1, snapshot, LandedRecords(12, 10, 9, 1, 9), archive)
    assert result.findings == [
        "2 records landed more than once",
        "the generation is 2 in Redis and 3 in the log",
        "the event at offset 4 was rejected, but the log shows no reason",
        "Redis rejected 2 events, but the log has 1 of them",
        "player:ann:gold is -5 in Redis",
    ]
