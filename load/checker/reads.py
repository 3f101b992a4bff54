"""Check that each read shows the state after one offset of the log, and that later reads never show older states."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from game.accounts import split
from game.events import Event
from load.checker.check_input import CheckInput, Finding
from load.checker.model import ModelLedger
from load.workload.history import Operation

# Names of accounts that the API does not show.
_HIDDEN = frozenset({"vacancy", "claim_day", "departed"})
_HIDDEN_PREFIXES = ("quest:", "offer:", "offered:")

Read = tuple[Operation, dict[str, Any]]  # a read operation and the response to it
Entry = tuple[int, str, str, str]  # one entry of a player's history: the event's offset, id, type and status


def stale_read(check_input: CheckInput) -> Iterator[Finding]:
    """Find inventories that differ from the model at the same offset, and processes whose reads go back in time."""
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
    """Find history pages that are not the player's newest events at any point of the log.

    A player's history contains the events by this player, and the events by others that changed the player's accounts.
    """
    expected = _histories(check_input)
    for operation, response in _reads(check_input, "history"):
        found = [(e["offset"], e["id"], e["type"], e["status"]) for e in reversed(response["events"])]
        entries = expected.get(f"player:{operation.player}", [])
        # A page has the newest twenty entries. If the response names no next page, the page must reach back to the
        # player's first event.
        end = next((i + 1 for i, entry in enumerate(entries) if found and entry == found[-1]), 0)
        begin = end - len(found)
        if (found and not end) or entries[max(begin, 0) : end] != found or (response["next"] is None and begin > 0):
            yield check_input.finding("inconsistent_history", f"{operation.player} read {found}, of {entries}")


def _reads(check_input: CheckInput, kind: str) -> list[Read]:
    return [(o, o.answer) for o in check_input.operations if o.kind == kind and o.outcome == "success" and o.answer]


def _reads_going_back(check_input: CheckInput, reads: list[Read]) -> Iterator[Finding]:
    # All players of a realm share one offset. So the offset must not go back even if a process reads for two players.
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
    """Return the expected history of each player, oldest entry first."""
    histories: defaultdict[str, list[Entry]] = defaultdict(list)
    for offset, event, status in check_input.model.finals:
        for owner in _affected_players(event):
            histories[owner].append((offset, event.id, event.type, status))
    return histories


def _affected_players(event: Event) -> set[str]:
    """Return whose histories contain the event: the acting player and all players whose accounts it changed."""
    accounts = (account for t in event.transfers for account in (t.debit, t.credit) if account.startswith("player:"))
    owners = {split(account)[0] for account in accounts}
    return owners | ({f"player:{event.player}"} if event.player else set())
