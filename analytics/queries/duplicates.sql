-- How many landed records count, and why do the others not? Only records that the table actions has reached.
with reach as (select realm, max("offset") as last from actions group by realm),
landed as (
  select e.realm, e."offset", e.event_id, e.event_type, e.realm * bigint '281474976710656' + e."offset" as record
  from events e join reach r on r.realm = e.realm and e."offset" <= r.last),
others as (
  select * from landed
  where record not in (select realm * bigint '281474976710656' + "offset" from actions)),
repeated as (
  select distinct o.record from landed e
  join others o on o.realm = e.realm and o.event_id = e.event_id and e."offset" < o."offset")
select 'counts' as what, count(*) as records from actions
union all
select case
    when event_type in ('fence', 'void') then 'control record: a fence or a void'
    when record in (select record from repeated) then 'repeats an id or follows its void'
    else 'of an ended generation or rejected by the ledger' end,
  count(*)
from others
group by 1
order by 2 desc
