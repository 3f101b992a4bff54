"""Check what players read: each read is the state of the log at one offset, and no client sees time run backwards."""

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

Read = tuple[Operation, dict[str, Any]]  # the operation and its response
Entry = tuple[int, str, str, str]  # of a player's history: offset, id, type and status


def stale_read(check_input: CheckInput) -> Iterator[Finding]:
    """Find inventories that differ from the model at their offset, and reads of one process that go back in time."""
    reads = _reads(check_input, "inventory")
    yield from _reads_going_back(check_input, reads)
    at_offset: defaultdict[int, list[Read]] = defaultdict(list)
    for operation, response in reads:
        at_offset[response["offset"]].append((operation, response))
    model = ModelLedger(check_input.realm)
    for record in check_input.records:
        model.apply(record)
        for operation, response in at_offset.pop(record.offset, ()):
            yield from _differences(check_input, model, operation, response)
    for offset, beyond in at_offset.items():
        player = beyond[0][0].player
        yield check_input.finding("stale_read", f"{player} read offset {offset}, which the log does not have")


def inconsistent_history(check_input: CheckInput) -> Iterator[Finding]:
    """Find pages of a history that do not equal the log's events of the player up to some moment.

    A player's history has the player's own events and those that changed an account of the player.
    """
    expected = _histories(check_input)
    for operation, response in _reads(check_input, "history"):
        found = [(e["offset"], e["id"], e["type"], e["status"]) for e in reversed(response["events"])]
        entries = expected.get(f"player:{operation.player}", [])
        # A page has the newest twenty entries; a page without a next one must reach back to the first event.
        end = next((i + 1 for i, entry in enumerate(entries) if found and entry == found[-1]), 0)
        begin = end - len(found)
        if (found and not end) or entries[max(begin, 0) : end] != found or (response["next"] is None and begin > 0):
            yield check_input.finding("inconsistent_history", f"{operation.player} read {found}, of {entries}")


def _reads(check_input: CheckInput, kind: str) -> list[Read]:
    return [(o, o.answer) for o in check_input.operations if o.kind == kind and o.outcome == "success" and o.answer]


def _reads_going_back(check_input: CheckInput, reads: list[Read]) -> Iterator[Finding]:
    # The offset is the realm's, so it may not go back from one player to another either.
    last: dict[int, int] = {}
    for operation, response in sorted(reads, key=lambda read: read[0].begun):
        before, offset = last.get(operation.process, -1), response["offset"]
        if offset < before:
            detail = f"process {operation.process} read {operation.player} at offset {offset} after offset {before}"
            yield check_input.finding("stale_read", detail)
        last[operation.process] = offset


def _differences(
    check_input: CheckInput, model: ModelLedger, operation: Operation, response: dict[str, Any]
) -> Iterator[Finding]:
    owner = f"player:{operation.player}:"
    expected = {a.removeprefix(owner): n for a, n in model.balances.items() if a.startswith(owner)}
    found = {name: amounts["settled"] for name, amounts in response["accounts"].items()}
    for name in sorted(expected.keys() | found.keys()):
        is_hidden = name in _HIDDEN or name.startswith(_HIDDEN_PREFIXES)
        if name in found if is_hidden else expected.get(name, 0) != found.get(name, 0):
            yield check_input.finding(
                "stale_read",
                f"{owner}{name} was {expected.get(name, 0)} at offset {model.offset} "
                f"and was read as {found.get(name, 0)}",
            )
    for name, prefix in (("guild", "guild:"), ("leads", "leader:")):
        guild = next((a.removeprefix(prefix) for a, n in expected.items() if a.startswith(prefix) and n), None)
        if response.get(name) != guild:
            yield check_input.finding(
                "stale_read", f"{operation.player} read {name} {response.get(name)}, and it was {guild}"
            )
    for name, amounts in response["accounts"].items():
        if amounts["held"] < 0 or amounts["settled"] != amounts["held"] + amounts["available"]:
            yield check_input.finding("stale_read", f"{owner}{name} was read as {amounts}")


def _histories(check_input: CheckInput) -> dict[str, list[Entry]]:
    """Return the history of each player, the oldest entry first."""
    histories: defaultdict[str, list[Entry]] = defaultdict(list)
    for offset, event, status in check_input.model.finals:
        for owner in _affected_players(event):
            histories[owner].append((offset, event.id, event.type, status))
    return histories


def _affected_players(event: Event) -> set[str]:
    """Return the owners that have the event in their history: the acting player and those whose accounts it changed."""
    accounts = (account for t in event.transfers for account in (t.debit, t.credit) if account.startswith("player:"))
    owners = {split(account)[0] for account in accounts}
    return owners | ({f"player:{event.player}"} if event.player else set())
