"""Compares the ledger in Redis with the ledger that Presto computed. The functions are pure and use no server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from game.accounts import is_house, opening_balance
from stack.operations.reconcile.archive import ArchiveLedger, LandedRecords
from state.results import Snapshot

MAX_SHOWN = 20  # maximum number of findings of one kind to show, because many findings usually have the same cause


@dataclass(frozen=True)
class Difference:
    """An account whose balances in Redis and Presto differ."""

    account: str
    redis: int
    presto: int


@dataclass(frozen=True)
class RealmComparison:
    """The result of comparing one realm.

    ``counts`` has the number of records by outcome. ``total`` is the sum of all balances above their opening balances;
    it must be 0, because a transfer creates nothing. ``findings`` are sentences that say what else is wrong.
    """

    realm: int
    snapshot: Snapshot
    counts: Mapping[str, int]
    differences: Sequence[Difference]
    total: int
    findings: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Return whether Redis and Presto have the same balances and nothing else is wrong."""
        return not self.differences and not self.findings and self.total == 0


def compare(realm: int, snapshot: Snapshot, landed: LandedRecords, archive: ArchiveLedger) -> RealmComparison:
    """Compare the realm's snapshot from Redis with Presto's ledger after the same offset."""
    counts = dict(archive.counts) | {"quarantined": landed.malformed, "events": landed.rows - landed.malformed}
    total = sum(balance - opening_balance(account) for account, balance in snapshot.balances.items())
    return RealmComparison(
        realm,
        snapshot,
        counts,
        differences(snapshot.balances, archive.balances),
        total,
        _findings(snapshot, landed, archive),
    )


def differences(in_redis: Mapping[str, int], in_presto: Mapping[str, int]) -> list[Difference]:
    """Return the accounts whose balances differ.

    An account that is missing in Redis or in Presto has its opening balance there.
    """
    if in_redis == in_presto:
        return []
    found = []
    for account in sorted(in_redis.keys() | in_presto.keys()):
        opening = opening_balance(account)
        pair = in_redis.get(account, opening), in_presto.get(account, opening)
        if pair[0] != pair[1]:
            found.append(Difference(account, *pair))
    return found


def _findings(snapshot: Snapshot, landed: LandedRecords, archive: ArchiveLedger) -> list[str]:
    findings = []
    if landed.rows != landed.offsets:
        findings.append(f"{landed.rows - landed.offsets} records landed more than once")
    if archive.generation != snapshot.generation:
        findings.append(f"the generation is {snapshot.generation} in Redis and {archive.generation} in the log")
    findings += _rejection_findings(snapshot, archive)
    negative = (account for account, n in snapshot.balances.items() if n < 0 and not is_house(account))
    findings += [f"{account} is {snapshot.balances[account]:,} in Redis" for account in negative][:MAX_SHOWN]
    return findings


def _rejection_findings(snapshot: Snapshot, archive: ArchiveLedger) -> list[str]:
    findings = [
        f"the event at offset {n} was rejected, but the log shows no reason"
        for n in snapshot.rejected
        if n not in archive.justified
    ][:MAX_SHOWN]
    found = archive.counts.get("rejected", 0)
    if found != len(snapshot.rejected):
        findings.append(f"Redis rejected {len(snapshot.rejected)} events, but the log has {found} of them")
    return findings
