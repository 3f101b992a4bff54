-- How many pieces of each item does the shop sell, for how much gold, to how many players, and how many come back?
with trades as (
  select coalesce(item, '(in batches)') as item, item_kind, player, realm,
    if(event_type = 'item_sold', 0, coalesce(quantity, 1)) as bought,
    if(event_type = 'item_sold', coalesce(quantity, 1), 0) as returned,
    if(event_type = 'item_sold', 0, gold) as revenue
  from actions
  where event_type in ('sword_bought', 'item_bought', 'item_sold')
  union all
  select '(in batches)', null, player, realm, 0, 0, amount
  from transfers
  where event_type = 'actions_batched' and debit_name = 'gold' and credit = 'house:shop')
select item,
  max(item_kind) as kind,
  sum(bought) as pieces,
  count(distinct if(bought + revenue > 0, row(realm, player))) as buyers,
  sum(revenue) as revenue,
  round(100e0 * sum(revenue) / nullif(sum(sum(revenue)) over (), 0), 1) as percent_of_revenue,
  round(1e0 * sum(revenue) / nullif(sum(bought), 0), 1) as gold_per_piece,
  sum(returned) as sold_back
from trades
group by 1
order by revenue desc
