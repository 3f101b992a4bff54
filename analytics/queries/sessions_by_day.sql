-- How many players came each day, how many sessions did they have, and how long and active is a typical session?
select cast(date_trunc('day', started_at) as date) as day,
  count(distinct row(realm, player)) as players,
  count(*) as sessions,
  round(approx_percentile(date_diff('second', started_at, ended_at), 0.5) / 60e0, 1) as median_minutes,
  round(avg(actions), 1) as actions,
  round(avg(spent), 1) as spent,
  round(avg(strikes), 1) as strikes
from sessions
group by 1
order by 1
