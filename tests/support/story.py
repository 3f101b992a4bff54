"""Make small histories for the checker by hand."""

import uuid
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from game.accounts import Transfer, opening_balance
from game.decision import Decision
from game.events import FENCE, VOID, encode, event_id_of, new_event
from game.rules import guilds, players, shop
from load.checker.check import Archive, Finding, RealmState, Record, check
from load.checker.model import STALE, ModelLedger, fold
from load.workload.history import Operation, OperationType, Response
from tests.support.clock import NOW, TODAY

REALM = 2

AT_MS = 1_000_000

GOLD, SWORD = "player:ada:gold", "player:ada:item:iron_sword"


def id_of(key: str, player: str = "ada") -> str:
    return event_id_of(REALM, player, key)


@dataclass
class Story:
    """A log that is written by hand, and the requests and responses that clients recorded.

    The ledger and the archive are correct unless a test changes them.
    """

    records: list[Record] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)

    def log(self, key: str, decision: Decision | None = None, event_type: str = "", generation: int = -1) -> str:
        """Append an event or a control event. Its id is the one that ada's request with this key would get."""
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
        """Record an attempt by ada's client, and its outcome."""
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
        """Record that ada's client read these settled balances at an offset."""
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


def clean_story() -> Story:
    """Return a history that contains every kind of trouble that the checker must accept without a finding."""
    story = Story()
    story.log("register", players.register("ada", TODAY))
    story.tell("register", "success", "register", request={"realm": REALM, "name": "ada"})
    story.read(0, gold=100, health=100, free_agent=1)
    story.log("bought", buy())
    story.log("bought", buy())  # the client retried, although the first try had reached the log
    story.tell("bought", "unknown")
    story.tell("bought", "success")
    story.log("voided", event_type=VOID)
    story.log("voided", buy())  # a paused process appended this event after the void
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


def page(story: Story, *offsets: int, following: int | None = None) -> None:
    """Record that ada's client read a page of her history."""
    ends = {offset: (event, status) for offset, event, status in story.books().finals}
    entries = [
        {"offset": o, "id": ends[o][0].id, "type": ends[o][0].type, "status": ends[o][1]}
        for o in sorted(offsets, reverse=True)
    ]
    story.tell(None, "success", "history", answer={"events": entries, "next": following})


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
    """Draw a log of events, voids, fences and garbage.

    Ids occur repeatedly, and the records name past, present and future generations.
    """
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
