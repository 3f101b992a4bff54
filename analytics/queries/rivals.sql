-- Which players strike each other most often, and are they in the same guild today?
select a.realm, a.player, a.other as target, a.blows, a.victories, a.damage,
  p.guild as guild, t.guild as guild_of_target
from (
  select realm, player, other,
    count(*) as blows,
    count_if(event_type = 'player_defeated') as victories,
    sum(damage) as damage
  from actions
  where event_type in ('player_struck', 'player_defeated')
  group by 1, 2, 3
  order by blows desc
  limit 30) a
left join players p on p.realm = a.realm and p.player = a.player
left join players t on t.realm = a.realm and t.player = a.other
order by a.blows desc, a.player, a.other
