-- What do players pay one another for each item, by day? Only trades of an item for gold.
select cast(event_time as date) as day, item, count(*) as trades, avg(cast(gold as double) / coalesce(quantity, 1)) as price
from actions
where event_type = 'trade_made' and item is not null and gold > 0
  and (element_at(details, 'give_item') is null or element_at(details, 'want_item') is null)
group by 1, 2
order by 1, 2
