-- How many records of each type have landed, and from when to when they tell of, whether they count or not.
select event_type,
  count(*) as records,
  count(distinct player) as players,
  min(event_time) as first_at,
  max(event_time) as last_at
from events
group by 1
order by records desc
