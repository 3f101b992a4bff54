-- Players with long sessions, and how often their pauses last the same whole number of seconds.
with busy as (
  select realm, player from sessions group by 1, 2 having max(actions) >= 40),
paused as (
  select a.realm, a.player, event_type, hour(event_time) as hour,
    date_diff('millisecond', lag(event_time) over (partition by a.realm, a.player order by event_time, "offset"), event_time)
    as pause
  from actions a join busy b on b.realm = a.realm and b.player = a.player),
counted as (
  select realm, player, case when pause < 1800000 then (pause + 500) / 1000 end as seconds, count(*) as actions,
    count_if(event_type in ('player_struck', 'player_defeated')) as strikes,
    count_if(event_type = 'player_defeated') as victories
  from paused group by 1, 2, 3)
select realm, player, sum(actions) as actions, sum(strikes) as strikes, sum(victories) as victories,
  cast(max(actions) filter (where seconds is not null) as double) / sum(actions) filter (where seconds is not null) as regularity,
  max_by(seconds, actions) filter (where seconds is not null) as usual_pause,
  sum(actions) filter (where seconds is not null) as pauses
from counted
group by 1, 2
having sum(actions) filter (where seconds is not null) >= 100
order by regularity desc
limit 3000
