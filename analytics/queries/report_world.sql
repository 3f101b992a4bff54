-- How many actions count, how many of them were generated, by how many players, and in which period?
select count(*) as actions, count(generated) as generated, min(event_time) as first_at, max(event_time) as last_at,
  count(distinct cast(event_time as date)) as days, (select count(*) from players) as players,
  (select count(*) from sessions) as sessions, count(distinct realm) as realms
from actions
