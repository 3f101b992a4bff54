-- Which guilds have the most members, how much gold and how many victories do these have, and who is still active?
with today as (select max(last_seen_at) as now from players)
select realm, guild,
  count(*) as members,
  sum(gold) as gold_of_members,
  sum(victories) as victories,
  sum(defeats) as defeats,
  count_if(last_seen_at > now - interval '7' day) as seen_in_the_last_week
from players cross join today
where guild is not null
group by 1, 2
order by members desc, victories desc, guild
limit 50
