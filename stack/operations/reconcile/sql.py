"""The SQL that computes the ledger from the landed tables.

The SQL repeats the rules of the ledger on purpose, because a shared implementation could not find its own mistakes. The
docstring of the package lists the rules. Each constant is a template for :func:`fill`.
"""

from collections.abc import Sequence
from string import Template

from game.accounts import OPENING
from game.events import FENCE, NO_GENERATION, VOID
from infra.presto import IS_TELEMETRY
from stack.operations.landed import LANDED_RECORDS

LARGEST_BALANCE = 2**53 - 1  # the ledger computes with doubles, which represent integers exactly up to this value
END_OF_LOG = 2**63 - 1  # the largest bigint; no offset reaches it

_PART = 'realm = $realm and "offset" <= $offset'

#: Returns one row: number of landed rows, number of distinct offsets, highest offset, number of malformed records, and
#: highest offset of any event. The last value also counts events after $offset, to show whether landing has passed
#: $offset.
LANDED = f"""
select count(*), count(distinct "offset"), coalesce(max("offset"), -1), coalesce(sum(malformed), 0),
  coalesce((select max("offset") from events where realm = $realm), -1)
from {LANDED_RECORDS} where {_PART}"""  # noqa: S608 - no input from outside

#: Returns the first offset that has not landed, or no row if all have landed.
FIRST_MISSING = f"""
select before + 1 from (
  select "offset", lag("offset", 1, -1) over (order by "offset") as before
  from (select "offset" from {LANDED_RECORDS} where {_PART} union all select bigint '$offset' + 1))
where "offset" > before + 1 order by 1 limit 1"""  # noqa: S608 - no input from outside

#: Returns the offset and the event id of every landed event.
ROWS = f"""select "offset", event_id from events where {_PART} order by 1"""  # noqa: S608 - no input from outside

#: Returns every record that has the same id as a fence, including the fence. No other record can prevent the fence from
#: opening a generation.
FENCES = f"""
select "offset", event_id, event_type, generation from events
where {_PART} and event_id in (select event_id from events where {_PART} and event_type = '{FENCE}')
order by 1"""  # noqa: S608 - no input from outside

# Computes the outcome of each event. A generation begins at its fence and ends at the next fence.
_OUTCOMES = f"""
generations (begins, ends) as (values $generations),
rejected ("offset") as (values $rejected),
candidates as (
  select e."offset", e.event_id, e.event_type, e.event_type = '{FENCE}' or g.begins is not null as is_live
  from events e
  left join generations g on g.begins = e.generation and e."offset" > g.begins and e."offset" < g.ends
  where {_PART} and not ({IS_TELEMETRY})),
winners as (
  select "offset", event_type, min(if(is_live, "offset")) over (partition by event_id) as winner from candidates),
outcomes as (
  select "offset", case
    when winner is null or "offset" < winner then 'stale'
    when "offset" > winner then 'duplicates'
    when event_type = '{VOID}' then 'voided'
    when "offset" in (select "offset" from rejected) then 'rejected'
    else 'effective' end as outcome
  from winners)"""  # noqa: S608 - no input from outside

# Computes the amount that each effective event adds to each of its accounts.
_CHANGES = f"""
changes as (
  select "offset", m.account, m.amount from events
  cross join unnest(transfers) as t (debit, credit, amount)
  cross join unnest(array[t.debit, t.credit], array[-t.amount, t.amount]) as m (account, amount)
  where {_PART} and "offset" in (select "offset" from outcomes where outcome = 'effective'))"""  # noqa: S608 - no input

_HAS_OPENING = f"'^(house|[a-z]+:[^:]+):{OPENING}$$'"
_OPENING = (
    f"if(regexp_like(account, {_HAS_OPENING}), "
    f"coalesce(cast(regexp_extract(account, {_HAS_OPENING}, 2) as bigint), 1), 0)"
)

#: Returns the number of events for each outcome.
COUNTS = f"""with {_OUTCOMES} select outcome, count(*) from outcomes group by 1
union all select 'telemetry', count(*) from events where {_PART} and {IS_TELEMETRY}"""  # noqa: S608 - no input

#: Returns the balance of each account. Accounts at their opening balance are left out, because the ledger in Redis
#: leaves them out too.
BALANCES = f"""with {_OUTCOMES}, {_CHANGES}
select account, {_OPENING} + sum(amount) from changes group by account having sum(amount) <> 0"""  # noqa: S608 - no input

#: Returns the offsets of the rejected events that would have broken a balance. For this, the query computes the balance
#: of each account of a rejected event just before that event.
JUSTIFIED = f"""with {_OUTCOMES}, {_CHANGES},
probes as (
  select "offset", m.account, sum(m.debit) as debit, sum(m.credit) as credit from events
  cross join unnest(transfers) as t (debit, credit, amount)
  cross join unnest(array[t.debit, t.credit], array[t.amount, 0], array[0, t.amount]) as m (account, debit, credit)
  where {_PART} and "offset" in (select "offset" from rejected)
  group by 1, 2),
running as (
  select "offset", account, debit, credit, {_OPENING} + sum(amount) over (partition by account order by "offset")
    as balance
  from (select "offset", account, amount, 0 as debit, 0 as credit from changes
      where account in (select account from probes)
    union all select "offset", account, 0, debit, credit from probes))
select distinct "offset" from running
where debit + credit > 0
  and (balance - debit < if(account like 'house:%', -{LARGEST_BALANCE}, 0)
    or balance - debit + credit > {LARGEST_BALANCE})"""  # noqa: S608 - no input from outside


def fill(template: str, realm: int, offset: int, fences: Sequence[int] = (), rejected: Sequence[int] = ()) -> str:
    """Return the query for a realm's records up to ``offset``, given its effective fences and rejected offsets."""
    begins = [NO_GENERATION, *fences]
    generations = zip(begins, [*fences, END_OF_LOG], strict=True)
    return Template(template).substitute(
        realm=int(realm),
        offset=int(offset),
        generations=", ".join(f"(bigint '{begin}', bigint '{end}')" for begin, end in generations),
        # Always add -1, because `values` needs at least one row. No record has the offset -1.
        rejected=", ".join(f"bigint '{n}'" for n in (-1, *rejected)),
    )
