-- How often do players with long sessions repeat the length of their previous pause, to a second?
with busy as (
  select realm, player, sum(actions) as actions, sum(strikes) as strikes, sum(steady) as steady, sum(actions - 1) as pauses
  from sessions
  group by 1, 2
  having max(actions) >= 40 and sum(actions - 1) >= 100)
select b.realm, b.player, b.actions, strikes, coalesce(victories, 0) as victories,
  cast(steady as double) / pauses as regularity, pauses
from busy b left join players p on p.realm = b.realm and p.player = b.player
order by regularity desc
limit 3000
