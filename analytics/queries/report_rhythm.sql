-- When do sessions start, by weekday and hour (UTC), and how many such days are there?
with days as (
  select day_of_week(day) as weekday, count(*) as days
  from (select distinct cast(started_at as date) as day from sessions) group by 1)
select weekday, hour, sessions, days
from (
  select day_of_week(started_at) as weekday, hour(started_at) as hour, count(*) as sessions from sessions group by 1, 2)
join days using (weekday)
