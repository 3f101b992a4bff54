-- How do sessions of the same players differ in a guild and outside? The first session is left out.
with averages as (
  select realm, player,
    avg(cast(actions as double)) filter (where in_guild) - avg(cast(actions as double)) filter (where not in_guild) as actions,
    avg(cast(strikes as double)) filter (where in_guild) - avg(cast(strikes as double)) filter (where not in_guild) as strikes,
    avg(cast(spent as double)) filter (where in_guild) - avg(cast(spent as double)) filter (where not in_guild) as spent
  from sessions
  where session > 1
  group by 1, 2)
select count(*) as players, avg(actions) as actions, stddev_samp(actions) as actions_sd, avg(strikes) as strikes,
  stddev_samp(strikes) as strikes_sd, avg(spent) as spent, stddev_samp(spent) as spent_sd
from averages
where actions is not null
