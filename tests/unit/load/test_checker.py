"""The checker: its fold of the log, and every kind of finding from a small history made by hand."""

import json
import random
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from game.accounts import Transfer, opening_balance
from game.batches import Batch
from game.commands import COMMANDS
from game.decision import Decision
from game.events import FENCE, VOID, encode, event_id_of, new_event
from game.rules import guilds, players, shop
from load.checker.check import Archive, Finding, RealmState, Record, check
from load.checker.check_input import CheckInput
from load.checker.collect import read_ledger
from load.checker.convergence import ledger_differs, offset_gap, status_differs
from load.checker.model import STALE, ModelLedger, fold
from load.workload import history
from load.workload.client import Action, Client, Reply, outcome_of
from load.workload.generator import PlannedRequest
from load.workload.history import Operation, OperationType, Response
from load.workload.operations import ROUTES, matches_request
from load.workload.runner import play, player_slots
from state.connection import hash_tag
from state.ledger import Ledger, encode_malformed_record, encode_settle_record
from tests.conftest import RedisServer, serving
from tests.integration.redis.test_ledger import NOW, TODAY

REALM = 2
AT_MS = 1_000_000

GOLD, SWORD = "player:ada:gold", "player:ada:item:iron_sword"


def id_of(key: str, player: str = "ada") -> str:
    return event_id_of(REALM, player, key)


@dataclass
class Story:
    """A log written by hand and what clients remember of it. The ledger and the archive are as they should be, unless
    a test changes them."""

    records: list[Record] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)

    def log(self, key: str, decision: Decision | None = None, event_type: str = "", generation: int = -1) -> str:
        """Append an event, or a control event, under the id of ada's key."""
        event = new_event(
            event_id=id_of(key),
            event_type=decision.type if decision else event_type,
            realm=REALM,
            player="" if event_type == FENCE else "ada",
            at=NOW,
            generation=generation,
            details=decision.details if decision else None,
            transfers=decision.transfers if decision else (),
        )
        self.raw(encode(event))
        return event.id

    def raw(self, value: bytes | None) -> None:
        self.records.append(Record(len(self.records), AT_MS, value))

    def tell(self, key: str | None, outcome: Response, kind: OperationType = "buy_sword", **changes: object) -> None:
        """Ada's client remembers a try."""
        begun = float(len(self.operations))
        operation = Operation(
            process=0,
            realm=REALM,
            player="ada",
            kind=kind,
            key=key,
            request={"sword": "iron_sword"} if kind == "buy_sword" else {},
            begun=begun,
            ended=begun + 0.5,
            outcome=outcome,
            event_id=id_of(key) if key else None,
            answer=None if outcome == "unknown" else {},
        )
        self.operations.append(replace(operation, **changes))

    def read(self, offset: int, process: int = 0, **settled: int) -> None:
        """Ada's client remembers what it read at an offset."""
        accounts = {
            name.replace("item_", "item:"): {"settled": n, "held": 0, "available": n} for name, n in settled.items()
        }
        self.tell(None, "success", "inventory", process=process, answer={"offset": offset, "accounts": accounts})

    def books(self) -> ModelLedger:
        return fold(REALM, self.records)

    def ledger(self) -> RealmState:
        books = self.books()
        balances = {account: n for account, n in books.balances.items() if n != opening_balance(account)}
        statuses = {event_id: "voided" if status == STALE else status for event_id, status in books.statuses.items()}
        return RealmState(books.offset, balances, {}, statuses)

    def archive(self) -> Archive:
        books = self.books()
        return Archive(dict(books.balances), [(offset, event.id) for offset, event in books.events])

    def judge(self, ledger: RealmState | None = None, archive: Archive | None = None) -> list[Finding]:
        return check(
            self.operations,
            {REALM: self.records},
            {REALM: ledger or self.ledger()},
            {REALM: archive or self.archive()},
        )


def buy(sword: str = "iron_sword") -> Decision:
    return shop.buy("ada", sword, 1, None)


@pytest.fixture
def story() -> Story:
    """Everything that may happen and is no finding."""
    story = Story()
    story.log("register", players.register("ada", TODAY))
    story.tell("register", "success", "register", request={"realm": REALM, "name": "ada"})
    story.read(0, gold=100, health=100, free_agent=1)
    story.log("bought", buy())
    story.log("bought", buy())  # a retry whose first try had reached the log
    story.tell("bought", "unknown")
    story.tell("bought", "success")
    story.log("voided", event_type=VOID)
    story.log("voided", buy())  # a process that was paused for long
    story.tell("voided", "unknown")
    story.raw(b"garbage")
    story.log("fence", event_type=FENCE)
    story.log("stale", buy())
    story.tell("stale", "unknown")
    story.tell("short", "refused", answer={"status": 409, "type": "/problems/not_enough_gold"})
    story.tell("never", "unknown", answer={"status": 503, "type": "/problems/unknown_outcome"})
    story.read(7, gold=70, health=100, free_agent=1, item_iron_sword=1)
    return story


def kinds(findings: list[Finding]) -> set[str]:
    assert all(finding.realm == REALM for finding in findings)
    return {finding.kind for finding in findings}


# The fold.


def test_the_first_of_event_and_void_wins(story: Story) -> None:
    books = story.books()
    assert books.statuses[id_of("bought")] == "settled"
    assert books.statuses[id_of("voided")] == "voided"
    assert (books.balance(GOLD), books.balance(SWORD)) == (70, 1)


def test_a_void_after_its_event_does_nothing(story: Story) -> None:
    story.log("bought", event_type=VOID)
    assert story.books().statuses[id_of("bought")] == "settled"
    assert story.books().balance(SWORD) == 1


def test_a_stale_event_may_be_tried_again_in_the_right_generation(story: Story) -> None:
    assert story.books().statuses[id_of("stale")] == STALE
    story.log("stale", buy(), generation=6)
    assert story.books().statuses[id_of("stale")] == "settled"
    assert story.books().balance(SWORD) == 2
    assert story.judge() == []


def test_a_fence_opens_a_generation_once(story: Story) -> None:
    assert story.books().generation == 6
    story.log("fence", event_type=FENCE)
    assert story.books().generation == 6
    story.log("next", event_type=FENCE)
    assert story.books().generation == 9


def test_what_is_not_covered_is_rejected_for_good(story: Story) -> None:
    story.log("dear", buy("dragon_sword"), generation=6)
    assert story.books().statuses[id_of("dear")] == "rejected"
    assert story.books().balance(GOLD) == 70
    gift = Decision("gold_found", {}, (Transfer("house:mint", GOLD, 200),))
    story.log("gift", gift, generation=6)
    story.log("dear", buy("dragon_sword"), generation=6)
    assert story.books().statuses[id_of("dear")] == "rejected"


def test_debits_are_covered_before_credits() -> None:
    story = Story()
    both = (Transfer("house:mint", GOLD, 5), Transfer(GOLD, "house:shop", 5))
    story.log("both", Decision("gold_found", {}, both))
    assert story.books().statuses[id_of("both")] == "rejected"


def test_a_name_is_taken_once(story: Story) -> None:
    story.log("again", players.register("ada", TODAY), generation=6)
    assert story.books().statuses[id_of("again")] == "rejected"


# The findings.


def test_a_clean_history_has_no_findings(story: Story) -> None:
    assert story.judge() == []


def test_lost_is_an_acceptance_that_is_not_in_the_log(story: Story) -> None:
    story.tell("gone", "success")
    (finding,) = story.judge()
    assert finding.kind == "lost"
    assert id_of("gone") in finding.detail


@pytest.mark.parametrize("key", ["voided", "stale"])
def test_lost_is_an_acceptance_that_the_log_voids(story: Story, key: str) -> None:
    story.tell(key, "success")
    assert kinds(story.judge()) == {"lost"}


def test_lost_is_an_acceptance_that_has_not_landed(story: Story) -> None:
    archive = story.archive()
    rows = [row for row in archive.rows if row[1] != id_of("bought")]
    assert kinds(story.judge(archive=Archive(archive.balances, rows))) == {"lost", "archive_differs"}


def test_lost_is_an_acceptance_that_the_ledger_does_not_know(story: Story) -> None:
    ledger = story.ledger()
    statuses = {event_id: status for event_id, status in ledger.statuses.items() if event_id != id_of("bought")}
    assert kinds(story.judge(replace(ledger, statuses=statuses))) == {"lost", "status_differs"}


def test_doubled_is_a_key_that_settled_twice(story: Story) -> None:
    story.log("other", buy(), generation=6)
    story.tell("bought", "success", event_id=id_of("other"))
    (finding,) = story.judge()
    assert finding.kind == "doubled"
    assert id_of("bought") in finding.detail
    assert id_of("other") in finding.detail


def test_doubled_is_an_event_that_the_ledger_applied_twice(story: Story) -> None:
    ledger = story.ledger()
    twice = {GOLD: 40, SWORD: 2, "house:shop": 60, "house:stock:iron_sword": -2}
    findings = story.judge(replace(ledger, balances={**ledger.balances, **twice}))
    assert kinds(findings) == {"doubled", "ledger_differs"}
    assert [id_of("bought") in finding.detail for finding in findings if finding.kind == "doubled"] == [True]


def test_doubled_is_not_a_void_that_the_ledger_ignored(story: Story) -> None:
    ledger = story.ledger()
    moved = {GOLD: 40, SWORD: 2, "house:shop": 60, "house:stock:iron_sword": -2}
    statuses = {**ledger.statuses, id_of("voided"): "settled"}
    findings = story.judge(replace(ledger, balances={**ledger.balances, **moved}, statuses=statuses))
    assert kinds(findings) == {"both", "ledger_differs"}


def test_doubled_is_a_row_that_landed_twice(story: Story) -> None:
    archive = story.archive()
    assert kinds(story.judge(archive=Archive(archive.balances, [*archive.rows, archive.rows[1]]))) == {"doubled"}


@pytest.mark.parametrize(("key", "said"), [("bought", "voided"), ("voided", "settled"), ("stale", "settled")])
def test_both_is_an_event_that_is_settled_here_and_voided_there(story: Story, key: str, said: str) -> None:
    story.operations = [o for o in story.operations if o.key != "bought" or o.outcome != "success"]
    ledger = story.ledger()
    (finding,) = story.judge(replace(ledger, statuses={**ledger.statuses, id_of(key): said}))
    assert finding.kind == "both"
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
    assert kinds(story.judge()) == {"unasked"}


def test_unasked_is_what_was_refused_each_time(story: Story) -> None:
    story.log("short", buy(), generation=6)
    (finding,) = story.judge()
    assert (finding.kind, "refused" in finding.detail) == ("unasked", True)


def test_unasked_is_something_else_than_was_asked_for(story: Story) -> None:
    story.log("never", buy("wooden_sword"), generation=6)
    (finding,) = story.judge()
    assert (finding.kind, "'iron_sword'" in finding.detail) == ("unasked", True)


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


def page(story: Story, *offsets: int, following: int | None = None) -> None:
    """Ada's client remembers a page of her history."""
    ends = {offset: (event, status) for offset, event, status in story.books().finals}
    entries = [
        {"offset": o, "id": ends[o][0].id, "type": ends[o][0].type, "status": ends[o][1]}
        for o in sorted(offsets, reverse=True)
    ]
    story.tell(None, "success", "history", answer={"events": entries, "next": following})


@pytest.mark.parametrize(("offsets", "following"), [((), None), ((0, 1), None), ((0, 1, 3), None), ((1, 3), 1)])
def test_a_history_is_a_part_of_the_log(story: Story, offsets: tuple[int, ...], following: int | None) -> None:
    page(story, *offsets, following=following)
    assert story.judge() == []


@pytest.mark.parametrize(("offsets", "following"), [((0, 3), None), ((1, 3), None), ((6,), None)])
def test_wrong_history_is_one_with_a_gap(story: Story, offsets: tuple[int, ...], following: int | None) -> None:
    page(story, *offsets, following=following)
    assert kinds(story.judge()) == {"wrong_history"}


def test_wrong_history_is_another_status(story: Story) -> None:
    page(story, 0, 1)
    story.operations[-1].answer["events"][0]["status"] = "voided"
    assert kinds(story.judge()) == {"wrong_history"}


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
    assert kinds(story.judge()) == {"unexpected_answer"}


def test_an_offset_gap_is_a_log_with_a_hole_or_a_ledger_that_is_behind(story: Story) -> None:
    assert kinds(story.judge(replace(story.ledger(), offset=6))) == {"offset_gap"}
    del story.records[5]
    assert kinds(story.judge()) == {"offset_gap"}


# Properties.

PLAYERS = ("ada", "bob")
IDS = [str(uuid.UUID(int=n)) for n in range(8)]
MOVES: list[tuple[Transfer, ...]] = [
    *(players.register(player, TODAY).transfers for player in PLAYERS),
    *(shop.buy(player, "steel_sword", 1, None).transfers for player in PLAYERS),
    guilds.join_or_found("ada", "knights", {}, {}, NOW).transfers,
    guilds.join_or_found("bob", "knights", {}, {"charter": 0}, NOW).transfers,
    guilds.leave("ada", None, {"guild:knights": 1}, {}).transfers,
    (Transfer("player:ada:gold", "player:bob:gold", 70), Transfer("player:bob:gold", "player:ada:gold", 7)),
]


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """Events, voids, fences, garbage, and each of them again; generations old, present and yet to come."""
    values: list[bytes | None] = []
    generations = [-1]
    for offset in range(draw(st.integers(1, 25))):
        event_type = draw(st.sampled_from(["event_of_ours"] * 5 + [VOID, FENCE, "garbage"]))
        if event_type == "garbage":
            values.append(draw(st.sampled_from([None, b"{}", b"\xff"])))
            continue
        if event_type == FENCE:
            generations.append(offset)
        event = new_event(
            event_id=draw(st.sampled_from(IDS)),
            event_type=event_type,
            realm=REALM,
            player="",
            at=NOW,
            generation=draw(st.sampled_from([generations[-1]] * 3 + generations)),
            transfers=draw(st.sampled_from(MOVES)) if event_type not in (VOID, FENCE) else (),
        )
        values.append(encode(event))
    return [Record(offset, AT_MS, value) for offset, value in enumerate(values)]


@settings(deadline=None)
@given(logs())
def test_every_prefix_of_every_log_is_legal(log: list[Record]) -> None:
    books = ModelLedger(REALM)
    for record in log:
        books.apply(record)
        assert all(n >= 0 for account, n in books.balances.items() if account.startswith(("player:", "guild:")))
        assert sum(n - opening_balance(account) for account, n in books.balances.items()) == 0


@settings(deadline=None)
@given(logs(), st.randoms(use_true_random=False))
def test_final_events_that_come_again_change_nothing(log: list[Record], rng: random.Random) -> None:
    books = fold(REALM, log)
    final = [
        r for (offset, event) in books.events if books.statuses.get(event.id, STALE) != STALE for r in [log[offset]]
    ]
    again = [replace(r, offset=len(log) + i) for i, r in enumerate(rng.sample(final, len(final)))]
    after = fold(REALM, [*log, *again])
    assert (after.balances, after.statuses, after.generation) == (books.balances, books.statuses, books.generation)


@pytest.mark.redis
@settings(deadline=None)
@given(log=logs())
def test_the_ledger_folds_every_log_as_the_checker_does(redis_server: RedisServer, log: list[Record]) -> None:
    redis_server.connection("admin").flushall()
    redis_server.connection("admin").set(
        f"{hash_tag(REALM)}:run", "as if somebody had attached: a closed realm tells nothing"
    )
    ledger = Ledger(redis_server.connection("settler"))
    books = fold(REALM, log)
    events = dict(books.events)
    ledger.settle(
        REALM,
        [
            encode_settle_record(events[r.offset], r.offset, AT_MS)
            if r.offset in events
            else encode_malformed_record(r.offset)
            for r in log
        ],
    )
    state = read_ledger(ledger, REALM, IDS)
    case = CheckInput(REALM, [], log, state, Archive({}, []))
    assert [*offset_gap(case), *ledger_differs(case), *status_differs(case)] == []


# The history and the workload.


def test_a_history_is_read_as_it_was_written(story: Story, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    with file.open("w") as out:
        for operation in story.operations:
            history.write(operation, out)
    assert history.read(file) == story.operations


@pytest.mark.parametrize(
    ("kind", "status", "body", "outcome"),
    [
        ("buy_sword", 202, {"id": "x"}, "success"),
        ("buy_sword", 200, {"id": "x"}, "success"),
        ("buy_sword", 202, {}, "unknown"),
        ("buy_sword", 409, {"type": "/problems/not_enough_gold"}, "refused"),
        ("buy_sword", 503, {"type": "/problems/recovering"}, "refused"),
        ("buy_sword", 503, {"type": "/problems/unavailable"}, "refused"),
        ("buy_sword", 503, {"type": "/problems/unknown_outcome"}, "unknown"),
        ("buy_sword", 503, {}, "unknown"),
        ("buy_sword", 500, {"type": "/problems/internal_server_error"}, "unknown"),
        ("buy_sword", 422, {"type": "/problems/invalid"}, "unknown"),
        ("buy_sword", 0, {}, "unknown"),
        ("inventory", 200, {"offset": 1, "accounts": {}}, "success"),
        ("inventory", 404, {"type": "/problems/not_settled"}, "refused"),
        ("inventory", 404, {"type": "/problems/not_found"}, "refused"),
        ("inventory", 404, {}, "unknown"),
        ("buy", 412, {"type": "/problems/state_changed"}, "refused"),
        ("buy", 404, {"type": "/problems/not_found"}, "unknown"),
        ("strike", 429, {"type": "/problems/too_many_requests"}, "unknown"),
        ("history", 200, {"events": [], "next": None}, "success"),
        ("history", 200, {"id": "x"}, "unknown"),
        ("batch", 202, {"id": "x"}, "success"),
        ("batch_apart", 200, {"results": []}, "success"),
        ("batch_apart", 202, {"id": "x"}, "unknown"),
    ],
)
def test_what_an_answer_says(kind: OperationType, status: int, body: dict[str, object], outcome: Response) -> None:
    assert outcome_of(kind, Reply(status, body, 0.0)) == outcome


def test_a_batch_that_is_done_apart_is_one_operation_for_each_action() -> None:
    results = [{"status": 202, "body": {"id": "x"}}, {"status": 503, "body": {"type": "/problems/unknown_outcome"}}]
    app = Flask(__name__)
    app.add_url_rule("/batches", "batches", lambda: {"results": results}, methods=["POST"])
    actions = [{"action": "claim_gold"}, {"action": "strike", "target": "bob"}]
    client = Client("http://127.0.0.1:1")
    action = Action(REALM, "ada", "t", "batch_apart", {"actions": actions, "atomic": False}, "k")
    unanswered, reply = client.attempt(action)
    client.close()
    assert reply.is_open
    with serving(app) as url:
        client = Client(url)
        answered, reply = client.attempt(action)
        client.close()
    assert reply.is_open  # a part of it is
    for operations, outcomes in ((unanswered, ["unknown", "unknown"]), (answered, ["success", "unknown"])):
        assert [(o.kind, o.request, o.key) for o in operations] == [
            ("claim_gold", {}, "k/0"),
            ("strike", {"target": "bob"}, "k/1"),
        ]
        assert [o.outcome for o in operations] == outcomes
    assert [o.event_id for o in unanswered] == [id_of("k/0"), id_of("k/1")]
    assert [o.event_id for o in answered] == ["x", id_of("k/1")]


@pytest.mark.parametrize(
    ("kind", "request_", "event_type", "details", "is_it"),
    [
        ("buy", {"item": "oak_shield"}, "item_bought", {"item": "oak_shield", "quantity": 1}, True),
        ("buy", {"item": "oak_shield", "quantity": 2}, "item_bought", {"item": "oak_shield", "quantity": 1}, False),
        ("buy", {"item": "oak_shield"}, "item_sold", {"item": "oak_shield", "quantity": 1}, False),
        ("lead_guild", {"player": "bob"}, "leader_changed", {"guild": "knights", "leader": "bob"}, True),
        ("lead_guild", {"player": "bob"}, "leader_changed", {"guild": "knights", "leader": "cat"}, False),
        ("offer_trade", {"to": "bob", "give": {"gold": 5}}, "trade_offered", {"to": "bob", "give_gold": 5}, True),
        ("offer_trade", {"to": "bob", "give": {"gold": 5}}, "trade_offered", {"to": "bob", "give_gold": 6}, False),
        ("batch", {"actions": [{"action": "buy"}] * 2}, "actions_batched", {"actions": 2, "sword_bought": 2}, True),
        ("batch", {"actions": [{"action": "buy"}] * 2}, "actions_batched", {"actions": 1, "sword_bought": 1}, False),
        ("batch", {"actions": [{"action": "buy"}] * 2}, "actions_batched", {"actions": 2, "gold_claimed": 2}, False),
        ("batch", {"actions": [{"action": "buy"}] * 2}, "actions_batched", {"actions": 2, "sword_bought": 1}, False),
    ],
)
def test_an_event_is_what_was_asked_for(
    kind: OperationType, request_: dict[str, Any], event_type: str, details: dict[str, Any], is_it: bool
) -> None:
    assert matches_request(kind, request_, event_type, details) == is_it


# Wishes.


def wishes(seed: int) -> list[PlannedRequest]:
    return [
        seat.plan(life, turn) for seat in player_slots(seed, "run", 2, 12) for life in range(5) for turn in range(1, 26)
    ]


def test_a_seed_gives_the_same_wishes() -> None:
    assert wishes(1) == wishes(1)
    assert wishes(1) != wishes(2)


def test_everything_is_wished_for_in_a_form_that_the_game_takes() -> None:
    commands = {command.name: command for command in COMMANDS}
    assert {wish.kind for wish in wishes(1)} == ROUTES.keys() - {"register"}
    for wish in wishes(1):
        if wish.kind in commands:
            commands[wish.kind].model_validate(wish.request)
        elif wish.request:
            Batch.model_validate(wish.request)
        assert bool(wish.key) == bool(ROUTES[wish.kind].types or wish.kind == "batch_apart")


def test_trades_are_answered_that_were_offered() -> None:
    offered = {
        (event_id_of(seat.realm, seat.name(life), wish.key), wish.request["to"])
        for seat in player_slots(1, "run", 2, 32)
        for life in range(5)
        for wish in (seat.plan(life, turn) for turn in range(1, 26))
        if wish.kind == "offer_trade"
    }
    accepted = [
        ((wish.request["trade"], seat.name(life)) in offered)
        for seat in player_slots(1, "run", 2, 32)
        for life in range(5)
        for wish in (seat.plan(life, turn) for turn in range(1, 26))
        if wish.kind == "accept_trade"
    ]
    assert sum(accepted) > len(accepted) / 4


@pytest.mark.parametrize("url", ["http://example.org", "http://10.0.0.1:80", "http://localhost.example.org", ""])
def test_the_workload_plays_on_this_machine_only(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not this machine"):
        play(url, 1, 1, 1, 1, tmp_path / "history.jsonl", 1)


def test_the_workload_goes_on_without_a_server_until_its_deadline(tmp_path: Path) -> None:
    counts: list[int] = []
    file = tmp_path / "history.jsonl"
    # Nothing listens on port 1.
    operations = play("http://127.0.0.1:1", 2, 4, 100, 1, file, 2, deadline_seconds=1.0, progress=counts.append)
    assert {(o.kind, o.outcome, o.answer) for o in operations} == {("register", "unknown", None)}
    assert counts == list(range(1, len(operations) + 1))
    assert [json.loads(line)["key"] for line in file.read_text().splitlines()] == [o.key for o in operations]
    assert all(o.event_id == event_id_of(o.realm, o.player, o.key or "") for o in operations)
