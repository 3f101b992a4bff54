-- When sessions begin, by day of the week and hour (UTC).
select day_of_week(started_at) as weekday, hour(started_at) as hour, count(*) as sessions
from sessions
group by 1, 2
