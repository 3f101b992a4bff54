-- How many event ids occur more than once in the log, and with which event types? Only the first record counts.
select types,
  count(*) as ids,
  sum(records) - count(*) as surplus_records
from (
  select realm, event_id, array_join(array_sort(array_agg(event_type)), ', ') as types, count(*) as records
  from events
  where not (event_type in ('inventory_viewed', 'shop_viewed', 'signed_in') and cardinality(transfers) = 0)
  group by realm, event_id
  having count(*) > 1)
group by 1
order by ids desc
