-- Gold that the game brought into being and took back, by day and kind of event.
select day, event_type, sum(created) as created, sum(destroyed) as destroyed
from (
  select cast(event_time as date) as day, event_type, sum(amount) as created, 0 as destroyed
  from moves where credit_name = 'gold' and debit_owner = 'house' group by 1, 2
  -- Apart from the others, so that both parts read only where such moves lie: the table is sorted by debit_name.
  union all select cast(event_time as date), event_type, 0, sum(amount)
  from moves where debit_name = 'gold' and credit_owner = 'house' group by 1, 2)
group by 1, 2
order by 1, 2
