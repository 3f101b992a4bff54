"""What players saw: each read is the state of the log at one offset, and no client sees time run backwards."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from game.accounts import split
from game.events import Event
from load.checker.check_input import CheckInput, Finding
from load.checker.model import ModelLedger
from load.workload.history import Operation

# Accounts that the API does not show.
_HIDDEN = frozenset({"vacancy", "claim_day", "departed"})
_HIDDEN_PREFIXES = ("quest:", "offer:", "offered:")

Read = tuple[Operation, dict[str, Any]]
Entry = tuple[int, str, str, str]  # of a player's history: offset, id, type and status


def stale_read(case: CheckInput) -> Iterator[Finding]:
    """Every inventory equals the fold at its offset, and successive ones of a process do not go back."""
    reads = _reads(case, "inventory")
    yield from _backwards(case, reads)
    at_offset: defaultdict[int, list[Read]] = defaultdict(list)
    for operation, answer in reads:
        at_offset[answer["offset"]].append((operation, answer))
    books = ModelLedger(case.realm)
    for record in case.records:
        books.apply(record)
        for operation, answer in at_offset.pop(record.offset, ()):
            yield from _differences(case, books, operation, answer)
    for offset, beyond in at_offset.items():
        yield case.finding("stale_read", f"{beyond[0][0].player} read offset {offset}, which the log does not have")


def inconsistent_history(case: CheckInput) -> Iterator[Finding]:
    """Every page of a history is without a gap what the log says of the player, up to some moment: the player's own
    events and those that moved something of the player's."""
    due = _histories(case)
    for operation, answer in _reads(case, "history"):
        found = [(e["offset"], e["id"], e["type"], e["status"]) for e in reversed(answer["events"])]
        entries = due.get(f"player:{operation.player}", [])
        # A page holds the newest twenty; the first one begins with the first event.
        end = next((i + 1 for i, entry in enumerate(entries) if found and entry == found[-1]), 0)
        begin = end - len(found)
        if (found and not end) or entries[max(begin, 0) : end] != found or (answer["next"] is None and begin > 0):
            yield case.finding("wrong_history", f"{operation.player} read {found}, of {entries}")


def _reads(case: CheckInput, kind: str) -> list[Read]:
    return [(o, o.answer) for o in case.operations if o.kind == kind and o.outcome == "success" and o.answer]


def _backwards(case: CheckInput, reads: list[Read]) -> Iterator[Finding]:
    # The offset is the realm's, so that it may not go back from one player to another either.
    last: dict[int, int] = {}
    for operation, answer in sorted(reads, key=lambda read: read[0].begun):
        before, offset = last.get(operation.process, -1), answer["offset"]
        if offset < before:
            detail = f"process {operation.process} read {operation.player} at offset {offset} after offset {before}"
            yield case.finding("stale_read", detail)
        last[operation.process] = offset


def _differences(
    case: CheckInput, books: ModelLedger, operation: Operation, answer: dict[str, Any]
) -> Iterator[Finding]:
    owner = f"player:{operation.player}:"
    due = {a.removeprefix(owner): n for a, n in books.balances.items() if a.startswith(owner)}
    found = {name: amounts["settled"] for name, amounts in answer["accounts"].items()}
    for name in sorted(due.keys() | found.keys()):
        is_hidden = name in _HIDDEN or name.startswith(_HIDDEN_PREFIXES)
        if name in found if is_hidden else due.get(name, 0) != found.get(name, 0):
            yield case.finding(
                "stale_read",
                f"{owner}{name} was {due.get(name, 0)} at offset {books.offset} and was read as {found.get(name, 0)}",
            )
    for name, prefix in (("guild", "guild:"), ("leads", "leader:")):
        has = next((a.removeprefix(prefix) for a, n in due.items() if a.startswith(prefix) and n), None)
        if answer.get(name) != has:
            yield case.finding("stale_read", f"{operation.player} read {name} {answer.get(name)}, and it was {has}")
    for name, amounts in answer["accounts"].items():
        if amounts["held"] < 0 or amounts["settled"] != amounts["held"] + amounts["available"]:
            yield case.finding("stale_read", f"{owner}{name} was read as {amounts}")


def _histories(case: CheckInput) -> dict[str, list[Entry]]:
    """The history of each player, the oldest entry first."""
    histories: defaultdict[str, list[Entry]] = defaultdict(list)
    for offset, event, status in case.books.finals:
        for owner in _concerned(event):
            histories[owner].append((offset, event.id, event.type, status))
    return histories


def _concerned(event: Event) -> set[str]:
    """Who has the event in their history: the player who acted and those whom it moved."""
    accounts = (account for t in event.transfers for account in (t.debit, t.credit) if account.startswith("player:"))
    owners = {split(account)[0] for account in accounts}
    return owners | ({f"player:{event.player}"} if event.player else set())
