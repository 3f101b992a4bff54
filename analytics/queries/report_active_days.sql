-- How many players, sessions, actions and newcomers were there each day?
with visits as (
  select cast(started_at as date) as day, count(distinct concat(cast(realm as varchar), ':', player)) as players,
    count(*) as sessions, sum(actions) as actions
  from sessions group by 1),
newcomers as (
  select cast(registered_at as date) as day, count(*) as newcomers from players where registered_at is not null group by 1)
select v.day, v.players, v.sessions, v.actions, coalesce(n.newcomers, 0) as newcomers
from visits v left join newcomers n on n.day = v.day
order by 1
