-- How many players of each registration day were active on each later day?
with cohorts as (
  select realm, player, cast(registered_at as date) as cohort from players where registered_at is not null)
select c.cohort, date_diff('day', c.cohort, cast(s.started_at as date)) as age,
  count(distinct concat(cast(s.realm as varchar), ':', s.player)) as players
from sessions s join cohorts c on c.realm = s.realm and c.player = s.player
group by 1, 2
order by 1, 2
