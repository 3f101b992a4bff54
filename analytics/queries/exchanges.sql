-- How many gifts, offers and trades do players make each day, how many offers are accepted, and how much gold moves?
with gold as (
  select cast(date_trunc('day', event_time) as date) as day, sum(amount) as gold
  from transfers
  where event_type in ('gift_given', 'trade_made') and debit_name = 'gold' and debit <> credit
  group by 1)
select a.day, a.gifts, a.offers, a.trades, a.declined, a.withdrawn,
  round(100e0 * a.trades / nullif(a.offers, 0), 1) as percent_accepted,
  coalesce(g.gold, 0) as gold
from (
  select cast(date_trunc('day', event_time) as date) as day,
    count_if(event_type = 'gift_given') as gifts,
    count_if(event_type = 'trade_offered') as offers,
    count_if(event_type = 'trade_made') as trades,
    count_if(event_type = 'trade_declined') as declined,
    count_if(event_type = 'trade_withdrawn') as withdrawn
  from actions
  group by 1) a
left join gold g on g.day = a.day
order by a.day
