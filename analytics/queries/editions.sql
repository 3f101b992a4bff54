-- How many pieces of each edition are sold, and how long did it take from the first sale to the last?
with sold as (
  select realm, debit as edition, debit_owner, event_time, amount, 0 as returned
  from transfers
  where debit_owner like 'shop:%' and credit_name like 'item:%'
  union all
  select realm, credit, credit_owner, event_time, 0, amount
  from transfers
  where credit_owner like 'shop:%' and debit_name like 'item:%')
select split_part(debit_owner, ':', 2) as item, realm,
  cast(regexp_extract(edition, '_(\d+)$', 1) as bigint) as issued,
  sum(amount - returned) as with_players,
  sum(amount) as sold,
  sum(returned) as sold_back,
  min(if(amount > 0, event_time)) as first_sold_at,
  max(if(amount > 0, event_time)) as last_sold_at
from sold
group by 1, 2, 3
order by 1, 2
