-- Which 20 players have the most victories, how often were they defeated, and how many blows does a victory take?
with blows as (
  select realm, player, count(*) as blows, sum(damage) as damage
  from actions
  where event_type in ('player_struck', 'player_defeated')
  group by 1, 2)
select p.realm, p.player, p.victories, p.defeats,
  round(100e0 * p.victories / nullif(p.victories + p.defeats, 0), 1) as percent_won,
  b.blows, round(1e0 * b.blows / nullif(p.victories, 0), 1) as blows_per_victory, p.guild
from (select * from players order by victories desc, defeats limit 20) p
left join blows b on b.realm = p.realm and b.player = p.player
order by p.victories desc, p.defeats, p.player
