-- How many pieces of each item did the shop sell at each price, for how much gold, to how many players?
select item, item_kind, price, sum(quantity) as units, sum(gold) as gold,
  count(distinct concat(cast(realm as varchar), ':', player)) as buyers
from actions
where event_type in ('sword_bought', 'item_bought') and item is not null and price > 0
group by 1, 2, 3
order by gold desc
