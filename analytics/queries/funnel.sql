-- How many newcomers reach each step from registering to a first fight, and how long does the median newcomer need?
with views as (
  select realm, player, min(event_time) as viewed_at
  from actions
  where event_type in ('shop_viewed', 'inventory_viewed')
  group by 1, 2),
steps as (
  select p.realm, p.player, p.registered_at, s.step, s.at
  from players p
  left join views l on l.realm = p.realm and l.player = p.player
  cross join unnest(
    array['1 registered', '2 viewed shop or inventory', '3 bought something', '4 joined a guild', '5 struck a player'],
    array[p.registered_at, l.viewed_at, p.first_purchase_at, p.first_guild_at, p.first_strike_at]) as s (step, at)
  where p.registered_at is not null)
select step,
  count(at) as players,
  round(100e0 * count(at) / count(*), 1) as percent_of_newcomers,
  round(approx_percentile(date_diff('second', registered_at, at), 0.5) / 60e0, 1) as median_minutes
from steps
group by 1
order by 1
