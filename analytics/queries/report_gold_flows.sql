-- How much gold does the game create and destroy, by day and event type?
select cast(event_time as date) as day, event_type,
  coalesce(sum(amount) filter (where debit_owner = 'house'), 0) as created,
  coalesce(sum(amount) filter (where credit_owner = 'house'), 0) as destroyed
from transfers
where (debit_name = 'gold' and credit_owner = 'house') or (credit_name = 'gold' and debit_owner = 'house')
group by 1, 2
order by 1, 2
