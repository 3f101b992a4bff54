-- What was sold below its usual price each hour, and how much of the same item was sold in the hours around it?
with purchases as (
  select item, date_trunc('hour', event_time) as hour, price, coalesce(quantity, 1) as quantity, realm, player
  from actions
  where event_type in ('sword_bought', 'item_bought')),
usual as (select item, max(price) as usual_price from purchases group by 1),
hours as (
  select p.item, p.hour, u.usual_price,
    min(p.price) as lowest_price,
    sum(if(p.price < u.usual_price, p.quantity, 0)) as pieces_on_sale,
    sum(p.quantity) as pieces,
    sum(p.price * p.quantity) as revenue,
    count(distinct row(p.realm, p.player)) as buyers
  from purchases p
  join usual u on u.item = p.item
  group by 1, 2, 3),
around as (
  select *, max(pieces_on_sale) over (
    partition by item order by hour rows between 6 preceding and 6 following) as sale_near
  from hours)
select item, hour, usual_price, lowest_price, pieces_on_sale, pieces, revenue, buyers
from around
where sale_near > 0
order by item, hour
