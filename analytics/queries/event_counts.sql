-- How many records of each event type have landed, and which period do they cover? Includes those that do not count.
select event_type,
  count(*) as records,
  count(distinct player) as players,
  min(event_time) as first_at,
  max(event_time) as last_at
from events
group by 1
order by records desc
