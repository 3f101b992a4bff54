-- After which sessions did players never return? Only sessions that ended 7 days or more before the newest one.
with visits as (
  select session, in_guild, actions, started_at, ended_at,
    max(session) over (partition by realm, player) as last_session,
    min(started_at) over (partition by realm, player) as first_at
  from sessions)
select least(session, 12) as session, in_guild,
  case when actions < 6 then 'few' when actions < 15 then 'some' else 'many' end as actions,
  case when session = 1 then 'first' when session >= date_diff('hour', first_at, started_at) / 24e0 then 'daily'
    when session >= date_diff('hour', first_at, started_at) / 60e0 then 'often' else 'seldom' end as pace,
  count(*) as sessions, count_if(session = last_session) as final
from visits
where ended_at <= (select max(ended_at) from sessions) - interval '7' day
group by 1, 2, 3, 4
