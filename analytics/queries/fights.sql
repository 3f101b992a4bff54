-- Which swords do players fight with, how much damage do these do, and how many blows win the fight?
select coalesce(item, '(unknown)') as sword,
  count(*) as blows,
  count(distinct row(realm, player)) as fighters,
  round(avg(damage), 1) as mean_damage,
  count_if(event_type = 'player_defeated') as victories,
  round(100e0 * count_if(event_type = 'player_defeated') / count(*), 1) as percent_victories
from actions
where event_type in ('player_struck', 'player_defeated')
group by 1
order by blows desc
