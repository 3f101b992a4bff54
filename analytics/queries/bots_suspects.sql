-- Which players with 50 or more actions act too fast or too evenly for a person?
with pauses as (
  select realm, player, event_time,
    date_diff('millisecond', lag(event_time) over (partition by realm, player order by event_time, "offset"),
      event_time) / 1000e0 as pause
  from actions
  where player <> ''),
habits as (
  select realm, player,
    count(*) as actions,
    approx_percentile(pause, 0.5) as median_pause,
    -- A person's long pauses are many times the short ones. Only pauses within a session count: sleep is not a pause.
    approx_percentile(pause, 0.9) / nullif(approx_percentile(pause, 0.1), 0) as spread,
    count(distinct hour(event_time)) as hours_of_the_day
  from pauses
  where pause is null or pause <= 1800
  group by 1, 2
  having count(*) >= 50)
select realm, player, actions,
  round(median_pause, 2) as median_pause_seconds,
  round(spread, 2) as long_to_short_pauses,
  hours_of_the_day,
  if(median_pause < 1, 'too fast', 'too even') as because
from habits
where median_pause < 1 or spread < 2
order by spread, player
limit 200
