-- Do newcomers who were defeated in their first session come back less often, within at least 7 days?
with felled as (
  select realm, other as player, min(event_time) as felled_at from actions where event_type = 'player_defeated' group by 1, 2),
first_sessions as (
  select realm, player, max(session) as last_session,
    max(case when session = 1 then ended_at end) as ended_at, max(case when session = 1 then actions end) as actions,
    max(case when session = 1 then strikes end) as strikes
  from sessions group by 1, 2)
select strikes > 0 as fought, case when s.actions < 6 then 'few' when s.actions < 15 then 'some' else 'many' end as actions,
  coalesce(felled_at <= ended_at, false) as felled, count(*) as players, count_if(last_session > 1) as returned
from first_sessions s left join felled d on d.realm = s.realm and d.player = s.player
where ended_at <= (select max(ended_at) from sessions) - interval '7' day
group by 1, 2, 3
