-- What was the last action of players who played once and did not return for at least 7 days?
with once as (
  select realm, player, max(ended_at) as ended_at from sessions group by 1, 2
  having max(session) = 1 and max(ended_at) <= (select max(ended_at) from sessions) - interval '7' day),
last as (
  select a.realm, a.player, max_by(a.event_type, a."offset") as event_type
  from actions a join once o on o.realm = a.realm and o.player = a.player and o.ended_at = a.event_time
  group by 1, 2)
select event_type, count(*) as players from last group by 1 order by 2 desc
