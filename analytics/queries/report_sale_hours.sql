-- How did the item of the flash sale and all other swords sell, hour by hour, at the hours of day of the sale?
with purchases as (
  select date_trunc('hour', event_time) as moment, item, item_kind, on_sale, sum(quantity) as units, sum(gold) as gold
  from actions where event_type in ('sword_bought', 'item_bought')
  group by 1, 2, 3, 4),
sale as (
  select max(item) as item, min(moment) as begins, max(moment) as ends, min(hour(moment)) as first_hour, max(hour(moment)) as last_hour
  from purchases where on_sale),
present as (
  select moment, count(distinct concat(cast(realm as varchar), ':', player)) as players
  from sessions
  cross join unnest(sequence(date_trunc('hour', started_at), ended_at, interval '1' hour)) as t (moment)
  where hour(moment) between (select first_hour from sale) and (select last_hour from sale)
  group by 1)
select p.moment, p.players, s.item, p.moment between s.begins and s.ends as in_sale,
  coalesce(sum(units) filter (where on_sale), 0) as sale_units,
  coalesce(sum(units) filter (where b.item = s.item), 0) as units,
  coalesce(sum(gold) filter (where b.item = s.item), 0) as gold,
  coalesce(sum(units) filter (where b.item <> s.item and item_kind = 'sword'), 0) as other_units,
  coalesce(sum(gold) filter (where b.item <> s.item and item_kind = 'sword'), 0) as other_gold
from present p cross join sale s left join purchases b on b.moment = p.moment
where s.item is not null
group by 1, 2, 3, 4
order by 1
