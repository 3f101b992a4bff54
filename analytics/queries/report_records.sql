-- How many records of each realm have landed, and how many do the tables for analysts contain?
select realm, sum(landed) as landed, sum(quarantined) as quarantined, sum(control) as control, sum(actions) as actions,
  sum(telemetry) as telemetry, max(derived) as derived
from (
  select realm, count(*) as landed, 0 as quarantined, count_if(event_type in ('void', 'fence')) as control, 0 as actions,
    0 as telemetry, bigint '-1' as derived
  from events group by 1
  union all select realm, 0, count(*), 0, 0, 0, -1 from quarantine group by 1
  union all select realm, 0, 0, 0, count(*), count_if(event_type in ('signed_in', 'inventory_viewed', 'shop_viewed')),
    max("offset") from actions group by 1)
group by 1
order by 1
