"""Reconciles realms: a snapshot of Redis, the wait until its records have landed, and the comparison."""

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

POLL_SECONDS = 1.0  # landing commits every five seconds
SNAPSHOT_SECONDS = 60.0  # for 200,000 owners it took 1.4 to 1.9 s on a busy machine, and 4 s to arrive


def reconcile(instance: Instance, realms: Iterable[int], wait_seconds: float, console: Console) -> bool:
    """Reconcile these realms and print the result. Returns whether all balances agree.

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
    """Return the realm's ledger in Redis at one moment.

    Raises OperatorError if Redis does not respond or the realm is being rebuilt.
    """
    ledger = Ledger(connect(settings, timeout=SNAPSHOT_SECONDS))
    with server_errors():
        # Checked before and after: a rebuild that starts or ends in between leaves half a state in the snapshot.
        rebuilding = ledger.is_rebuilding(realm)
        snapshot = ledger.snapshot(realm)
        rebuilding = rebuilding or ledger.is_rebuilding(realm)
    if rebuilding:
        raise OperatorError(f"realm {realm} is being rebuilt: verify again when ./guildhall rebuild has ended")
    return snapshot


def wait_until_landed(settings: Settings, realm: int, offset: int, deadline: float) -> LandedRecords:
    """Wait until all records up to ``offset`` have landed, and return their counts.

    Raises OperatorError if they have not by ``deadline``, on the clock of time.monotonic, or if they never will.
    """
    passed = False
    while True:
        landed = landed_up_to(settings, realm, offset)
        if landed.offsets == offset + 1:
            return landed
        # The two tables are not read at the same moment, so an apparent gap must be seen twice.
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
