"""Test reconciliation without servers."""

import time

import pytest
from rich.console import Console

from infra.errors import OperatorError
from infra.presto import QueryResult
from infra.settings import Settings
from stack.operations.reconcile import archive, compare, render, run
from state.results import Snapshot


def test_hole_in_the_archive_names_its_likely_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(land_types="sword_bought")
    monkeypatch.setattr(run, "POLL_SECONDS", 0)
    monkeypatch.setattr(run, "landed_up_to", lambda *_: archive.LandedRecords(7, 7, 9, 1, 12))
    monkeypatch.setattr(archive, "fetch", lambda *_: QueryResult([], [(4,)]))
    with pytest.raises(OperatorError, match=r"3 of 10 records .* \(the first is at offset 4\).*'sword_bought'"):
        run.wait_until_landed(settings, 0, 9, time.monotonic() + 60)


def test_missing_account_has_its_opening_balance() -> None:
    redis_has = {"player:ann:gold": 5, "player:ann:vacancy": 0, "player:bob:gold": 1}
    presto_has = {"player:ann:gold": 5, "player:bob:gold": 2}
    assert compare.differences(redis_has, presto_has) == [
        compare.Difference("player:ann:vacancy", 0, 1),
        compare.Difference("player:bob:gold", 1, 2),
    ]


def test_account_names_are_printed_without_markup(capsys: pytest.CaptureFixture[str]) -> None:
    books = Snapshot(0, -1, {}, {}, frozenset(), ())
    found = compare.RealmComparison(
        0, books, {}, [compare.Difference("player:fire:gold", 1, 2)], 0, ["player:fire:gold is -1"]
    )
    render.print_findings(found, Console())
    assert capsys.readouterr().out.count("player:fire:gold") == 2
