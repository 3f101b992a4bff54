"""Every kind of finding, from a small history made by hand."""

from dataclasses import replace

import pytest

from load.checker.check import Archive
from tests.support.story import GOLD, SWORD, Story, buy, id_of, kinds, page


def test_a_clean_history_has_no_findings(story: Story) -> None:
    assert story.judge() == []


def test_lost_is_an_acceptance_that_is_not_in_the_log(story: Story) -> None:
    story.tell("gone", "success")
    (finding,) = story.judge()
    assert finding.kind == "lost_write"
    assert id_of("gone") in finding.detail


@pytest.mark.parametrize("key", ["voided", "stale"])
def test_lost_is_an_acceptance_that_the_log_voids(story: Story, key: str) -> None:
    story.tell(key, "success")
    assert kinds(story.judge()) == {"lost_write"}


def test_lost_is_an_acceptance_that_has_not_landed(story: Story) -> None:
    archive = story.archive()
    rows = [row for row in archive.rows if row[1] != id_of("bought")]
    assert kinds(story.judge(archive=Archive(archive.balances, rows))) == {"lost_write", "archive_differs"}


def test_lost_is_an_acceptance_that_the_ledger_does_not_know(story: Story) -> None:
    ledger = story.ledger()
    statuses = {event_id: status for event_id, status in ledger.statuses.items() if event_id != id_of("bought")}
    assert kinds(story.judge(replace(ledger, statuses=statuses))) == {"lost_write", "status_differs"}


def test_doubled_is_a_key_that_settled_twice(story: Story) -> None:
    story.log("other", buy(), generation=6)
    story.tell("bought", "success", event_id=id_of("other"))
    (finding,) = story.judge()
    assert finding.kind == "duplicated_write"
    assert id_of("bought") in finding.detail
    assert id_of("other") in finding.detail


def test_doubled_is_an_event_that_the_ledger_applied_twice(story: Story) -> None:
    ledger = story.ledger()
    twice = {GOLD: 40, SWORD: 2, "house:shop": 60, "house:stock:iron_sword": -2}
    findings = story.judge(replace(ledger, balances={**ledger.balances, **twice}))
    assert kinds(findings) == {"duplicated_write", "ledger_differs"}
    assert [id_of("bought") in finding.detail for finding in findings if finding.kind == "duplicated_write"] == [True]


def test_doubled_is_not_a_void_that_the_ledger_ignored(story: Story) -> None:
    ledger = story.ledger()
    moved = {GOLD: 40, SWORD: 2, "house:shop": 60, "house:stock:iron_sword": -2}
    statuses = {**ledger.statuses, id_of("voided"): "settled"}
    findings = story.judge(replace(ledger, balances={**ledger.balances, **moved}, statuses=statuses))
    assert kinds(findings) == {"status_conflict", "ledger_differs"}


def test_doubled_is_a_row_that_landed_twice(story: Story) -> None:
    archive = story.archive()
    assert kinds(story.judge(archive=Archive(archive.balances, [*archive.rows, archive.rows[1]]))) == {
        "duplicated_write"
    }


@pytest.mark.parametrize(("key", "said"), [("bought", "voided"), ("voided", "settled"), ("stale", "settled")])
def test_both_is_an_event_that_is_settled_here_and_voided_there(story: Story, key: str, said: str) -> None:
    story.operations = [o for o in story.operations if o.key != "bought" or o.outcome != "success"]
    ledger = story.ledger()
    (finding,) = story.judge(replace(ledger, statuses={**ledger.statuses, id_of(key): said}))
    assert finding.kind == "status_conflict"
    assert id_of(key) in finding.detail


def test_unresolved_is_what_is_still_pending_or_held(story: Story) -> None:
    ledger = story.ledger()
    pending = {**ledger.statuses, id_of("never"): "pending"}
    first, second = story.judge(replace(ledger, statuses=pending, held={GOLD: 30, SWORD: 0}))
    assert (first.kind, second.kind) == ("unresolved", "unresolved")
    assert id_of("never") in first.detail
    assert f"30 of {GOLD}" in second.detail


def test_unasked_is_what_nobody_asked_for(story: Story) -> None:
    story.log("gift", buy(), generation=6)
    assert kinds(story.judge()) == {"unexpected_effect"}


def test_unasked_is_what_was_refused_each_time(story: Story) -> None:
    story.log("short", buy(), generation=6)
    (finding,) = story.judge()
    assert (finding.kind, "refused" in finding.detail) == ("unexpected_effect", True)


def test_unasked_is_something_else_than_was_asked_for(story: Story) -> None:
    story.log("never", buy("wooden_sword"), generation=6)
    (finding,) = story.judge()
    assert (finding.kind, "'iron_sword'" in finding.detail) == ("unexpected_effect", True)


def test_rejected_is_an_event_of_ours_that_is_not_covered(story: Story) -> None:
    story.log("never", buy("dragon_sword"), generation=6)
    story.log("foreign", buy("dragon_sword"), generation=6)
    (finding,) = story.judge()
    assert finding.kind == "rejected"
    assert id_of("never") in finding.detail


@pytest.mark.parametrize("place", ["ledger", "archive"])
def test_negative_is_a_debt_of_a_player(story: Story, place: str) -> None:
    ledger, archive = story.ledger(), story.archive()
    if place == "ledger":
        findings = story.judge(replace(ledger, balances={**ledger.balances, GOLD: -5}))
    else:
        findings = story.judge(archive=Archive({**archive.balances, GOLD: -5}, archive.rows))
    assert kinds(findings) == {"negative", f"{place}_differs"}


def test_stale_read_is_a_state_that_the_log_never_had(story: Story) -> None:
    story.read(7, gold=100, health=100, free_agent=1, item_iron_sword=1)
    (finding,) = story.judge()
    assert (finding.kind, finding.detail) == ("stale_read", f"{GOLD} was 70 at offset 7 and was read as 100")


def test_stale_read_is_an_account_too_few(story: Story) -> None:
    story.read(7, gold=70, health=100, free_agent=1)
    (finding,) = story.judge()
    assert (finding.kind, finding.detail) == ("stale_read", f"{SWORD} was 1 at offset 7 and was read as 0")


def test_stale_read_is_time_that_runs_backwards(story: Story) -> None:
    story.read(0, process=1, gold=100, health=100, free_agent=1)
    assert story.judge() == []
    story.read(0, process=0, gold=100, health=100, free_agent=1)
    assert kinds(story.judge()) == {"stale_read"}


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ({"guild": "knights"}, "ada read guild knights, and it was None"),
        ({"leads": "knights"}, "ada read leads knights, and it was None"),
        ({"accounts": {"gold": {"settled": 70, "held": 10, "available": 70}}}, "was read as"),
        ({"accounts": {"claim_day": {"settled": 1, "held": 0, "available": 1}}}, "claim_day was 739"),
    ],
)
def test_stale_read_is_what_does_not_fit_together(story: Story, said: dict[str, object], detail: str) -> None:
    known = story.operations[-1].answer or {}
    accounts = {"accounts": known["accounts"] | said.get("accounts", {})}
    story.tell(None, "success", "inventory", answer=known | said | accounts)
    (finding,) = story.judge()
    assert finding.kind == "stale_read"
    assert detail in finding.detail


@pytest.mark.parametrize(("offsets", "following"), [((), None), ((0, 1), None), ((0, 1, 3), None), ((1, 3), 1)])
def test_a_history_is_a_part_of_the_log(story: Story, offsets: tuple[int, ...], following: int | None) -> None:
    page(story, *offsets, following=following)
    assert story.judge() == []


@pytest.mark.parametrize(("offsets", "following"), [((0, 3), None), ((1, 3), None), ((6,), None)])
def test_wrong_history_is_one_with_a_gap(story: Story, offsets: tuple[int, ...], following: int | None) -> None:
    page(story, *offsets, following=following)
    assert kinds(story.judge()) == {"inconsistent_history"}


def test_wrong_history_is_another_status(story: Story) -> None:
    page(story, 0, 1)
    story.operations[-1].answer["events"][0]["status"] = "voided"
    assert kinds(story.judge()) == {"inconsistent_history"}


def test_stale_read_is_a_future_that_the_log_does_not_have(story: Story) -> None:
    story.read(8, gold=70, health=100, free_agent=1, item_iron_sword=1)
    assert kinds(story.judge()) == {"stale_read"}


def test_ledger_differs_account_by_account(story: Story) -> None:
    ledger = story.ledger()
    changed = {account: n for account, n in ledger.balances.items() if account != SWORD} | {"player:bob:gold": 1}
    details = {f.detail for f in story.judge(replace(ledger, balances=changed)) if f.kind == "ledger_differs"}
    assert details == {
        f"{SWORD} is 1 by the log and 0 in the ledger",
        "player:bob:gold is 0 by the log and 1 in the ledger",
    }


def test_archive_differs_account_by_account_and_row_by_row(story: Story) -> None:
    archive = story.archive()
    findings = story.judge(
        archive=Archive({**archive.balances, GOLD: 71}, [*archive.rows[:-1], (99, "0123-4567")]),
    )
    assert kinds(findings) == {"archive_differs"}
    assert len(findings) == 3


def test_status_differs_names_both(story: Story) -> None:
    ledger = story.ledger()
    said = {**ledger.statuses, id_of("voided"): "rejected"}
    (finding,) = story.judge(replace(ledger, statuses=said))
    assert finding.kind == "status_differs"
    assert "voided by the log and rejected in the ledger" in finding.detail


def test_an_unexpected_answer_is_reported(story: Story) -> None:
    story.tell("never", "unknown", answer={"status": 500})
    assert kinds(story.judge()) == {"unexpected_response"}


def test_an_offset_gap_is_a_log_with_a_hole_or_a_ledger_that_is_behind(story: Story) -> None:
    assert kinds(story.judge(replace(story.ledger(), offset=6))) == {"offset_gap"}
    del story.records[5]
    assert kinds(story.judge()) == {"offset_gap"}
