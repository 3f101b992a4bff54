-- Who strikes whom, by the time since each of them registered, and how many sessions does the target's group have?
with since as (
  select s.realm, s.player, registered_at, registered_at + interval '1' day as day_ends,
    registered_at + interval '7' day as week_ends
  from players s where registered_at is not null),
presence as (
  select case when started_at < day_ends then 'first day' when started_at < week_ends then 'first week' else 'later' end
    as target, count(*) as sessions
  from sessions v join since p on p.realm = v.realm and p.player = v.player group by 1),
blows as (
  select case when event_time < a.day_ends then 'first day' when event_time < a.week_ends then 'first week' else 'later' end
    as attacker,
    case when event_time < t.day_ends then 'first day' when event_time < t.week_ends then 'first week' else 'later' end
    as target,
    count(*) as blows, count_if(event_type = 'player_defeated') as victories, sum(damage) as damage
  from actions b
  join since a on a.realm = b.realm and a.player = b.player
  join since t on t.realm = b.realm and t.player = b.other
  where event_type in ('player_struck', 'player_defeated')
  group by 1, 2)
select attacker, b.target, blows, victories, damage, sessions as target_sessions
from blows b left join presence p on p.target = b.target
