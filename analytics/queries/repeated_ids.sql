-- How many ids stand in the log more than once, by what stands there: the first record counts and the others do not.
select types,
  count(*) as ids,
  sum(records) - count(*) as records_too_many
from (
  select realm, event_id, array_join(array_sort(array_agg(event_type)), ', ') as types, count(*) as records
  from events
  where not (event_type in ('inventory_viewed', 'shop_viewed', 'signed_in') and cardinality(transfers) = 0)
  group by realm, event_id
  having count(*) > 1)
group by 1
order by ids desc
