"""Reconciles realms: takes a snapshot of Redis, waits until its records have landed, and compares."""

import time
from collections.abc import Iterable

from rich.console import Console

from infra.errors import OperatorError, server_errors
from infra.settings import Settings
from stack.instance import Instance
from stack.operations.reconcile.archive import LandedRecords, archive_ledger, first_missing, landed_up_to
from stack.operations.reconcile.compare import RealmComparison, compare
from stack.operations.reconcile.render import balances_table, log_table, print_findings
from state.connection import connect
from state.ledger import Ledger
from state.results import Snapshot

POLL_SECONDS = 1.0  # short enough, because landing commits every five seconds
# Timeout for a snapshot. With 200,000 owners on a busy machine, Redis needed 1.4 to 1.9 s, and the snapshot arrived
# after 4 s.
SNAPSHOT_SECONDS = 60.0


def reconcile(instance: Instance, realms: Iterable[int], wait_seconds: float, console: Console) -> bool:
    """Reconcile the given realms and print the result. Returns whether all balances agree.

    Raises OperatorError if the comparison is not possible.
    """
    settings = instance.settings()
    snapshots = {realm: take_snapshot(settings, realm) for realm in realms}
    deadline = time.monotonic() + wait_seconds
    comparisons = []
    for realm, snapshot in snapshots.items():
        landed = wait_until_landed(settings, realm, snapshot.offset, deadline)
        comparisons.append(reconcile_realm(settings, realm, snapshot, landed))
    console.print(log_table(comparisons))
    console.print(balances_table(comparisons))
    for comparison in comparisons:
        print_findings(comparison, console)
    holds = all(comparison.holds for comparison in comparisons)
    yes, no = "[green]Redis and Presto have the same balances.[/]", "[red]Redis and Presto do not agree: see above.[/]"
    console.print(yes if holds else no)
    return holds


def take_snapshot(settings: Settings, realm: int) -> Snapshot:
    """Return a snapshot of the realm's ledger in Redis.

    Raises OperatorError if Redis does not respond or the realm is being rebuilt.
    """
    ledger = Ledger(connect(settings, timeout=SNAPSHOT_SECONDS))
    with server_errors():
        # Check for a rebuild before and after the snapshot. If a rebuild starts or ends in between, the snapshot
        # contains an incomplete state.
        rebuilding = ledger.is_rebuilding(realm)
        snapshot = ledger.snapshot(realm)
        rebuilding = rebuilding or ledger.is_rebuilding(realm)
    if rebuilding:
        raise OperatorError(f"realm {realm} is being rebuilt: verify again when ./guildhall rebuild has ended")
    return snapshot


def wait_until_landed(settings: Settings, realm: int, offset: int, deadline: float) -> LandedRecords:
    """Wait until all records up to ``offset`` have landed, and return their counts.

    ``deadline`` is a value of time.monotonic(). Raises OperatorError if the records have not landed by the deadline, or
    if they will never land.
    """
    passed = False
    while True:
        landed = landed_up_to(settings, realm, offset)
        if landed.offsets == offset + 1:
            return landed
        # Report a gap only if it is seen twice. Presto reads the two tables at different moments, so a single gap may
        # not be real.
        if passed or time.monotonic() > deadline:
            raise OperatorError(_why_not_landed(settings, realm, offset, landed))
        passed = landed.last_event >= offset
        time.sleep(POLL_SECONDS)


def _why_not_landed(settings: Settings, realm: int, offset: int, landed: LandedRecords) -> str:
    missing = offset + 1 - landed.offsets
    first = first_missing(settings, realm, offset)
    where = "" if first is None else f" (the first is at offset {first})"
    text = f"realm {realm}: {missing:,} of {offset + 1:,} records have not landed{where}"
    if landed.last < offset:
        return (
            f"{text}: landing is late or has stopped: try a longer --wait SECONDS, or see ./guildhall status and "
            "./guildhall logs streaming"
        )
    return (
        f"{text}, although later ones have: GUILDHALL_LAND_TYPES (here {settings.land_types!r}) keeps records out of "
        "the archive, and verify needs all of them"
    )


def reconcile_realm(settings: Settings, realm: int, snapshot: Snapshot, landed: LandedRecords) -> RealmComparison:
    """Compare the snapshot with the landed records. Raises OperatorError if Presto is unreachable."""
    archive = archive_ledger(settings, realm, snapshot.offset, snapshot.rejected)
    return compare(realm, snapshot, landed, archive)
