-- How much did the shop and the healer earn each day, how much did the shop pay back, and what is left?
select cast(date_trunc('day', event_time) as date) as day,
  sum(if(credit = 'house:shop', amount, 0)) as shop,
  sum(if(credit = 'house:healer', amount, 0)) as healer,
  sum(if(debit = 'house:buyback', amount, 0)) as bought_back,
  sum(if(debit = 'house:buyback', -amount, amount)) as net
from transfers
where (debit_name = 'gold' and credit in ('house:shop', 'house:healer'))
  or (credit_name = 'gold' and debit = 'house:buyback')
group by 1
order by 1
