"""``./guildhall verify``: are the books that players see and the books that analysts count the same?

Presto computes every balance a second time, from the landed transfers. It shares nothing with the ledger: what is
effective is decided here, in SQL, from the log alone:

* A fence opens a generation, which is its offset; before the first one it is -1. A record of another generation than
  its realm's is stale: it does nothing, and does not use its id up. A fence has no generation.
* Of the records of one id that are not stale the first one wins. Later ones are duplicates.
* Telemetry moves nothing, and the ledger does not remember its ids: it is left out.
* A void that wins moves nothing, and neither does an event that the ledger rejected; of each such one the SQL must
  find, too, that it would have broken the books.

Ids count as unique for ever here. The ledger promises it for a day of log time: who repeats an id after that will see
a difference.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Template

import redis
from rich.console import Console
from rich.table import Table
from rich.text import Text

from game.accounts import OPENING, is_house, opening_balance
from game.events import FENCE, NO_GENERATION, VOID
from infra.errors import OperatorError
from infra.presto import IS_TELEMETRY, fetch
from infra.settings import Settings
from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger
from state.results import Snapshot

POLL_SECONDS = 1.0  # landing commits every five seconds
SNAPSHOT_SECONDS = 60.0  # for 200,000 owners it took 1.4 to 1.9 s on a busy machine, and 4 s to arrive
SHOWN = 20  # differing accounts that are printed: who has more has one cause for all of them
LARGEST_BALANCE = 2**53 - 1  # the ledger computes in doubles, which are exact up to here
END_OF_LOG = 2**63 - 1  # no offset is larger

_PART = 'realm = $realm and "offset" <= $offset'

_LANDED = f"""
select count(*), count(distinct "offset"), coalesce(max("offset"), -1), coalesce(sum(malformed), 0),
  coalesce((select max("offset") from events where realm = $realm), -1)
from (select "offset", 0 as malformed from events where {_PART}
  union all select "offset", 1 from quarantine where {_PART})"""  # noqa: S608 - our own text

_MISSING = f"""
select before + 1 from (
  select "offset", lag("offset", 1, -1) over (order by "offset") as before
  from (select "offset" from events where {_PART} union all select "offset" from quarantine where {_PART}
    union all select bigint '$offset' + 1))
where "offset" > before + 1 order by 1 limit 1"""  # noqa: S608 - our own text

_ROWS = f"""select "offset", event_id from events where {_PART} order by 1"""  # noqa: S608 - our own text

# Whatever can keep a fence from being effective has its id.
_FENCES = f"""
select "offset", event_id, event_type, generation from events
where {_PART} and event_id in (select event_id from events where {_PART} and event_type = '{FENCE}')
order by 1"""  # noqa: S608 - our own text

# What became of each event. Eras are the generations: `begins` is their fence, `ends` the next one.
_OUTCOMES = f"""
eras (begins, ends) as (values $eras),
rejected ("offset") as (values $rejected),
candidates as (
  select e."offset", e.event_id, e.event_type, e.event_type = '{FENCE}' or g.begins is not null as is_live
  from events e
  left join eras g on g.begins = e.generation and e."offset" > g.begins and e."offset" < g.ends
  where {_PART} and not ({IS_TELEMETRY})),
judged as (
  select "offset", event_type, min(if(is_live, "offset")) over (partition by event_id) as winner from candidates),
outcomes as (
  select "offset", case
    when winner is null or "offset" < winner then 'stale'
    when "offset" > winner then 'duplicates'
    when event_type = '{VOID}' then 'voided'
    when "offset" in (select "offset" from rejected) then 'rejected'
    else 'effective' end as outcome
  from judged)"""  # noqa: S608 - our own text

_MOVES = f"""
moves as (
  select "offset", m.account, m.amount from events
  cross join unnest(transfers) as t (debit, credit, amount)
  cross join unnest(array[t.debit, t.credit], array[-t.amount, t.amount]) as m (account, amount)
  where {_PART} and "offset" in (select "offset" from outcomes where outcome = 'effective'))"""  # noqa: S608 - ours

_IN_OPENING = f"'^(house|[a-z]+:[^:]+):{OPENING}$$'"
_OPENING = (
    f"if(regexp_like(account, {_IN_OPENING}), "
    f"coalesce(cast(regexp_extract(account, {_IN_OPENING}, 2) as bigint), 1), 0)"
)

_COUNTS = f"""with {_OUTCOMES} select outcome, count(*) from outcomes group by 1
union all select 'telemetry', count(*) from events where {_PART} and {IS_TELEMETRY}"""  # noqa: S608 - our own text

_BALANCES = f"""with {_OUTCOMES}, {_MOVES}
select account, {_OPENING} + sum(amount) from moves group by account having sum(amount) <> 0"""  # noqa: S608 - ours

# The accounts of each rejected event as they were just before it, and those that it would have broken.
_JUSTIFIED = f"""with {_OUTCOMES}, {_MOVES},
probes as (
  select "offset", m.account, sum(m.debit) as debit, sum(m.credit) as credit from events
  cross join unnest(transfers) as t (debit, credit, amount)
  cross join unnest(array[t.debit, t.credit], array[t.amount, 0], array[0, t.amount]) as m (account, debit, credit)
  where {_PART} and "offset" in (select "offset" from rejected)
  group by 1, 2),
running as (
  select "offset", account, debit, credit, {_OPENING} + sum(amount) over (partition by account order by "offset")
    as balance
  from (select "offset", account, amount, 0 as debit, 0 as credit from moves
      where account in (select account from probes)
    union all select "offset", account, 0, debit, credit from probes))
select distinct "offset" from running
where debit + credit > 0
  and (balance - debit < if(account like 'house:%', -{LARGEST_BALANCE}, 0)
    or balance - debit + credit > {LARGEST_BALANCE})"""  # noqa: S608 - our own text


@dataclass(frozen=True)
class Difference:
    """An account that Redis and Presto do not agree about."""

    account: str
    redis: int
    presto: int


@dataclass(frozen=True)
class Verdict:
    """What was found in one realm. ``counts`` has what became of the records; ``total`` is what all balances together
    have above their opening balances; ``findings`` are sentences."""

    realm: int
    snapshot: Snapshot
    counts: Mapping[str, int]
    differences: Sequence[Difference]
    total: int
    findings: Sequence[str] = field(default=())

    @property
    def holds(self) -> bool:
        """Whether the books are the same and legal."""
        return not self.differences and not self.findings and self.total == 0


@dataclass(frozen=True)
class Landed:
    """The records of a realm in both tables up to an offset; ``last_event`` is the offset of its last event of all."""

    rows: int
    offsets: int
    last: int
    malformed: int
    last_event: int


def reconcile(instance: Instance, realms: Iterable[int], wait_seconds: float, console: Console) -> bool:
    """Reconcile these realms and print the result. Returns whether all balances agree. Raises OperatorError if the
    comparison is not possible."""
    settings = instance.settings()
    snapshots = {realm: take_snapshot(settings, realm) for realm in realms}
    give_up = time.monotonic() + wait_seconds
    verdicts = []
    for realm, snapshot in snapshots.items():
        landed = wait_until_landed(settings, realm, snapshot.offset, give_up)
        verdicts.append(reconcile_realm(settings, realm, snapshot, landed))
    console.print(log_table(verdicts))
    console.print(books_table(verdicts))
    for verdict in verdicts:
        print_findings(verdict, console)
    holds = all(verdict.holds for verdict in verdicts)
    console.print("[green]Redis and Presto have the same books.[/]" if holds else "[red]The books are not right.[/]")
    return holds


def take_snapshot(settings: Settings, realm: int) -> Snapshot:
    """The realm's books in Redis, from one moment. Raises OperatorError if there are none."""
    ledger = Ledger(connect(settings, timeout=SNAPSHOT_SECONDS))
    try:
        # Before as well as after: a rebuild that starts or ends meanwhile leaves half a state in the snapshot.
        rebuilding = ledger.is_rebuilding(realm)
        snapshot = ledger.snapshot(realm)
        rebuilding = rebuilding or ledger.is_rebuilding(realm)
    except redis.RedisError as error:
        raise OperatorError("Redis does not answer: ./guildhall up") from error
    if rebuilding:
        raise OperatorError(f"realm {realm} is being rebuilt: its books are not complete yet")
    return snapshot


def wait_until_landed(settings: Settings, realm: int, offset: int, give_up: float) -> Landed:
    """Return when all records up to ``offset`` are landed. Raises OperatorError if they are not by ``give_up``, on the
    clock of time.monotonic, or never will be."""
    passed = False
    while True:
        landed = landed_up_to(settings, realm, offset)
        if landed.offsets == offset + 1:
            return landed
        # The two tables are not read at the same moment, so that what looks like a hole must be seen twice.
        if passed or time.monotonic() > give_up:
            raise OperatorError(_why_not_landed(settings, realm, offset, landed))
        passed = landed.last_event >= offset
        time.sleep(POLL_SECONDS)


def _why_not_landed(settings: Settings, realm: int, offset: int, landed: Landed) -> str:
    missing = offset + 1 - landed.offsets
    first = fetch(settings, _text(_MISSING, realm, offset)).rows
    where = f" (the first is at offset {first[0][0]})" if first else ""
    text = f"realm {realm}: {missing:,} of {offset + 1:,} records have not landed{where}"
    if landed.last < offset:
        return (
            f"{text}: landing is late (--wait SECONDS) or has stopped: ./guildhall status, ./guildhall logs streaming"
        )
    return (
        f"{text}, though later ones have: GUILDHALL_LAND_TYPES (here {settings.land_types!r}) keeps records out of the "
        "archive, and what is not there cannot be verified"
    )


def landed_up_to(settings: Settings, realm: int, offset: int) -> Landed:
    """What both tables have of the realm's records. Raises OperatorError."""
    return Landed(*fetch(settings, _text(_LANDED, realm, offset)).rows[0])


def landed_rows(settings: Settings, realm: int, offset: int) -> list[tuple[int, str]]:
    """(offset, event id) of every landed event up to ``offset``. Raises OperatorError."""
    return [(row[0], row[1]) for row in fetch(settings, _text(_ROWS, realm, offset)).rows]


def archive_balances(settings: Settings, realm: int, offset: int, rejected: Sequence[int]) -> dict[str, int]:
    """The realm's balances after ``offset``, by Presto alone but for the offsets that the ledger ``rejected``. As in
    Redis, accounts at their opening balance are left out. Raises OperatorError."""
    fences = effective_fences(settings, realm, offset)
    return dict(fetch(settings, _text(_BALANCES, realm, offset, fences, rejected)).rows)


def effective_fences(settings: Settings, realm: int, offset: int) -> list[int]:
    """The offsets of the fences that opened a generation. Whether one does may depend on those before it, which plain
    SQL cannot say; fences are few. Raises OperatorError."""
    generation, final, effective = NO_GENERATION, set(), []
    for at, event_id, event_type, written_in in fetch(settings, _text(_FENCES, realm, offset)).rows:
        if event_id in final or (event_type != FENCE and written_in != generation):
            continue
        final.add(event_id)
        if event_type == FENCE:
            generation = at
            effective.append(at)
    return effective


def reconcile_realm(settings: Settings, realm: int, snapshot: Snapshot, landed: Landed) -> Verdict:
    """Compare the snapshot with the landed records. Raises OperatorError if Presto does not answer."""
    offset, rejected = snapshot.offset, snapshot.rejected
    fences = effective_fences(settings, realm, offset)
    counts = dict(fetch(settings, _text(_COUNTS, realm, offset, fences, rejected)).rows)
    presto = dict(fetch(settings, _text(_BALANCES, realm, offset, fences, rejected)).rows)
    findings = []
    if landed.rows != landed.offsets:
        findings.append(f"{landed.rows - landed.offsets} records have landed more than once")
    generation = fences[-1] if fences else NO_GENERATION
    if generation != snapshot.generation:
        findings.append(f"the generation is {snapshot.generation} in Redis and {generation} by the log")
    if rejected:
        findings += _unjustified(settings, realm, snapshot, fences, counts.get("rejected", 0))
    findings += [f"{a} is {n:,} in Redis" for a, n in snapshot.balances.items() if n < 0 and not is_house(a)][:SHOWN]
    total = sum(balance - opening_balance(account) for account, balance in snapshot.balances.items())
    counts |= {"quarantined": landed.malformed, "events": landed.rows - landed.malformed}
    return Verdict(realm, snapshot, counts, differences(snapshot.balances, presto), total, findings)


def _unjustified(settings: Settings, realm: int, snapshot: Snapshot, fences: Sequence[int], found: int) -> list[str]:
    rejected = snapshot.rejected
    justified = {row[0] for row in fetch(settings, _text(_JUSTIFIED, realm, snapshot.offset, fences, rejected)).rows}
    findings = [
        f"the event at offset {n} was rejected, and nothing in the log forbids it"
        for n in rejected
        if n not in justified
    ][:SHOWN]
    if found != len(rejected):
        findings.append(f"Redis has rejected {len(rejected)} events, of which the log knows {found}")
    return findings


def differences(in_redis: Mapping[str, int], in_presto: Mapping[str, int]) -> list[Difference]:
    """The accounts whose two balances differ; one that is left out is at its opening balance."""
    if in_redis == in_presto:
        return []
    found = []
    for account in sorted(in_redis.keys() | in_presto.keys()):
        opening = opening_balance(account)
        pair = in_redis.get(account, opening), in_presto.get(account, opening)
        if pair[0] != pair[1]:
            found.append(Difference(account, *pair))
    return found


def _text(template: str, realm: int, offset: int, fences: Sequence[int] = (), rejected: Sequence[int] = ()) -> str:
    begins = [NO_GENERATION, *fences]
    eras = zip(begins, [*fences, END_OF_LOG], strict=True)
    return Template(template).substitute(
        realm=int(realm),
        offset=int(offset),
        eras=", ".join(f"(bigint '{begin}', bigint '{end}')" for begin, end in eras),
        # No record has the offset -1, and `values` wants a row.
        rejected=", ".join(f"bigint '{n}'" for n in (-1, *rejected)),
    )


def log_table(verdicts: Iterable[Verdict]) -> Table:
    """A row a realm: what became of the records of the log."""
    title = "The log up to Redis's offset, as Presto judges it"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("realm")
    names = ("events", "effective", "telemetry", "voided", "stale", "duplicates", "rejected", "quarantined")
    for name in ("offset", *names):
        # On a narrow screen the longest name breaks and no figure is cut.
        table.add_column(name, justify="right", no_wrap=name != "quarantined", overflow="fold")
    for v in verdicts:
        table.add_row(str(v.realm), f"{v.snapshot.offset:,}", *(f"{v.counts.get(name, 0):,}" for name in names))
    return table


def books_table(verdicts: Iterable[Verdict]) -> Table:
    """A row a realm: whether the two books are the same."""
    table = Table(title="Redis against Presto", title_justify="left", box=None)
    table.add_column("realm")
    for name in ("accounts", "differences", "sum"):
        table.add_column(name, justify="right")
    table.add_column("")
    for v in verdicts:
        counts = (len(v.snapshot.balances), len(v.differences), v.total)
        table.add_row(
            str(v.realm), *(f"{n:,}" for n in counts), "[green]the same[/]" if v.holds else "[red]DIFFERENT[/]"
        )
    return table


def print_findings(verdict: Verdict, console: Console) -> None:
    """What is wrong in a realm, if anything is."""
    for finding in verdict.findings:
        console.print(Text(f"realm {verdict.realm}: {finding}", style="red"), soft_wrap=True)
    if not verdict.differences:
        return
    table = Table(title=f"Accounts of realm {verdict.realm} that differ", title_justify="left", box=None)
    table.add_column("account", no_wrap=True)
    for name in ("Redis", "Presto", "Redis - Presto"):
        table.add_column(name, justify="right")
    for d in verdict.differences[:SHOWN]:
        # Text, as rich would take the name of a player called fire for an emoji.
        table.add_row(Text(d.account), f"{d.redis:,}", f"{d.presto:,}", f"{d.redis - d.presto:+,}")
    console.print(table)
    if len(verdict.differences) > SHOWN:
        console.print(f"... and {len(verdict.differences) - SHOWN:,} more")
