-- How do sessions of guild members differ from those of other players? A difference, not necessarily an effect.
select if(in_guild, 'in a guild', 'in none') as player_was,
  count(*) as sessions,
  count(distinct row(realm, player)) as players,
  round(avg(date_diff('second', started_at, ended_at)) / 60e0, 2) as minutes,
  round(avg(actions), 2) as actions,
  round(stddev(actions) / sqrt(count(*)), 3) as standard_error,
  round(avg(spent), 2) as spent,
  round(avg(strikes), 2) as strikes
from sessions
group by 1
order by 1
