"""Test that the checker finds every kind of finding. Each comes from a small history that is made by hand."""

from dataclasses import replace

import pytest

from load.checker.check import Archive
from tests.support.story import GOLD, SWORD, Story, buy, id_of, kinds, page


def test_clean_history_has_no_findings(story: Story) -> None:
    assert story.judge() == []


def test_accepted_event_missing_in_the_log_is_lost(story: Story) -> None:
    story.tell("gone", "success")
    (finding,) = story.judge()
    assert finding.kind == "lost_write"
    assert id_of("gone") in finding.detail


@pytest.mark.parametrize("key", ["voided", "stale"])
def test_accepted_event_voided_by_the_log_is_lost(story: Story, key: str) -> None:
    story.tell(key, "success")
    assert kinds(story.judge()) == {"lost_write"}


def test_accepted_event_that_has_not_landed_is_lost(story: Story) -> None:
    archive = story.archive()
    rows = [row for row in archive.rows if row[1] != id_of("bought")]
    assert kinds(story.judge(archive=Archive(archive.balances, rows))) == {"lost_write", "archive_differs"}


def test_accepted_event_unknown_to_the_ledger_is_lost(story: Story) -> None:
    ledger = story.ledger()
    statuses = {event_id: status for event_id, status in ledger.statuses.items() if event_id != id_of("bought")}
    assert kinds(story.judge(replace(ledger, statuses=statuses))) == {"lost_write", "status_differs"}


def test_key_that_settled_twice_is_doubled(story: Story) -> None:
    story.log("other", buy(), generation=6)
    story.tell("bought", "success", event_id=id_of("other"))
    (finding,) = story.judge()
    assert finding.kind == "duplicated_write"
    assert id_of("bought") in finding.detail
    assert id_of("other") in finding.detail


def test_event_applied_twice_is_doubled(story: Story) -> None:
    ledger = story.ledger()
    twice = {GOLD: 40, SWORD: 2, "house:shop": 60, "house:stock:iron_sword": -2}
    findings = story.judge(replace(ledger, balances={**ledger.balances, **twice}))
    assert kinds(findings) == {"duplicated_write", "ledger_differs"}
    assert [id_of("bought") in finding.detail for finding in findings if finding.kind == "duplicated_write"] == [True]


def test_ignored_void_is_not_doubled(story: Story) -> None:
    ledger = story.ledger()
    moved = {GOLD: 40, SWORD: 2, "house:shop": 60, "house:stock:iron_sword": -2}
    statuses = {**ledger.statuses, id_of("voided"): "settled"}
    findings = story.judge(replace(ledger, balances={**ledger.balances, **moved}, statuses=statuses))
    assert kinds(findings) == {"status_conflict", "ledger_differs"}


def test_row_that_landed_twice_is_doubled(story: Story) -> None:
    archive = story.archive()
    assert kinds(story.judge(archive=Archive(archive.balances, [*archive.rows, archive.rows[1]]))) == {
        "duplicated_write"
    }


@pytest.mark.parametrize(("key", "said"), [("bought", "voided"), ("voided", "settled"), ("stale", "settled")])
def test_settled_and_voided_event_is_a_conflict(story: Story, key: str, said: str) -> None:
    story.operations = [o for o in story.operations if o.key != "bought" or o.outcome != "success"]
    ledger = story.ledger()
    (finding,) = story.judge(replace(ledger, statuses={**ledger.statuses, id_of(key): said}))
    assert finding.kind == "status_conflict"
    assert id_of(key) in finding.detail


def test_pending_event_or_hold_is_unresolved(story: Story) -> None:
    ledger = story.ledger()
    pending = {**ledger.statuses, id_of("never"): "pending"}
    first, second = story.judge(replace(ledger, statuses=pending, held={GOLD: 30, SWORD: 0}))
    assert (first.kind, second.kind) == ("unresolved", "unresolved")
    assert id_of("never") in first.detail
    assert f"30 of {GOLD}" in second.detail


def test_event_without_request_is_unasked(story: Story) -> None:
    story.log("gift", buy(), generation=6)
    assert kinds(story.judge()) == {"unexpected_effect"}


def test_event_of_refused_request_is_unasked(story: Story) -> None:
    story.log("short", buy(), generation=6)
    (finding,) = story.judge()
    assert (finding.kind, "refused" in finding.detail) == ("unexpected_effect", True)


def test_event_unlike_its_request_is_unasked(story: Story) -> None:
    story.log("never", buy("wooden_sword"), generation=6)
    (finding,) = story.judge()
    assert (finding.kind, "'iron_sword'" in finding.detail) == ("unexpected_effect", True)


def test_own_uncovered_event_is_a_finding(story: Story) -> None:
    story.log("never", buy("dragon_sword"), generation=6)
    story.log("foreign", buy("dragon_sword"), generation=6)
    (finding,) = story.judge()
    assert finding.kind == "rejected"
    assert id_of("never") in finding.detail


@pytest.mark.parametrize("place", ["ledger", "archive"])
def test_debt_of_a_player_is_negative(story: Story, place: str) -> None:
    ledger, archive = story.ledger(), story.archive()
    if place == "ledger":
        findings = story.judge(replace(ledger, balances={**ledger.balances, GOLD: -5}))
    else:
        findings = story.judge(archive=Archive({**archive.balances, GOLD: -5}, archive.rows))
    assert kinds(findings) == {"negative", f"{place}_differs"}


def test_read_of_a_state_the_log_never_had_is_stale(story: Story) -> None:
    story.read(7, gold=100, health=100, free_agent=1, item_iron_sword=1)
    (finding,) = story.judge()
    assert (finding.kind, finding.detail) == ("stale_read", f"{GOLD} was 70 at offset 7 and was read as 100")


def test_read_without_an_account_is_stale(story: Story) -> None:
    story.read(7, gold=70, health=100, free_agent=1)
    (finding,) = story.judge()
    assert (finding.kind, finding.detail) == ("stale_read", f"{SWORD} was 1 at offset 7 and was read as 0")


def test_read_that_goes_back_in_time_is_stale(story: Story) -> None:
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
def test_inconsistent_read_is_stale(story: Story, said: dict[str, object], detail: str) -> None:
    known = story.operations[-1].answer or {}
    accounts = {"accounts": known["accounts"] | said.get("accounts", {})}
    story.tell(None, "success", "inventory", answer=known | said | accounts)
    (finding,) = story.judge()
    assert finding.kind == "stale_read"
    assert detail in finding.detail


@pytest.mark.parametrize(("offsets", "following"), [((), None), ((0, 1), None), ((0, 1, 3), None), ((1, 3), 1)])
def test_page_of_history_matches_the_log(story: Story, offsets: tuple[int, ...], following: int | None) -> None:
    page(story, *offsets, following=following)
    assert story.judge() == []


@pytest.mark.parametrize(("offsets", "following"), [((0, 3), None), ((1, 3), None), ((6,), None)])
def test_history_with_a_gap_is_wrong(story: Story, offsets: tuple[int, ...], following: int | None) -> None:
    page(story, *offsets, following=following)
    assert kinds(story.judge()) == {"inconsistent_history"}


def test_history_with_another_status_is_wrong(story: Story) -> None:
    page(story, 0, 1)
    story.operations[-1].answer["events"][0]["status"] = "voided"
    assert kinds(story.judge()) == {"inconsistent_history"}


def test_read_of_a_future_offset_is_stale(story: Story) -> None:
    story.read(8, gold=70, health=100, free_agent=1, item_iron_sword=1)
    assert kinds(story.judge()) == {"stale_read"}


def test_ledger_difference_names_each_account(story: Story) -> None:
    ledger = story.ledger()
    changed = {account: n for account, n in ledger.balances.items() if account != SWORD} | {"player:bob:gold": 1}
    details = {f.detail for f in story.judge(replace(ledger, balances=changed)) if f.kind == "ledger_differs"}
    assert details == {
        f"{SWORD} is 1 by the log and 0 in the ledger",
        "player:bob:gold is 0 by the log and 1 in the ledger",
    }


def test_archive_difference_names_accounts_and_rows(story: Story) -> None:
    archive = story.archive()
    findings = story.judge(
        archive=Archive({**archive.balances, GOLD: 71}, [*archive.rows[:-1], (99, "0123-4567")]),
    )
    assert kinds(findings) == {"archive_differs"}
    assert len(findings) == 3


def test_status_difference_names_both(story: Story) -> None:
    ledger = story.ledger()
    said = {**ledger.statuses, id_of("voided"): "rejected"}
    (finding,) = story.judge(replace(ledger, statuses=said))
    assert finding.kind == "status_differs"
    assert "voided by the log and rejected in the ledger" in finding.detail


def test_unexpected_response_is_reported(story: Story) -> None:
    story.tell("never", "unknown", answer={"status": 500})
    assert kinds(story.judge()) == {"unexpected_response"}


def test_hole_in_the_log_is_an_offset_gap(story: Story) -> None:
    assert kinds(story.judge(replace(story.ledger(), offset=6))) == {"offset_gap"}
    del story.records[5]
    assert kinds(story.judge()) == {"offset_gap"}
