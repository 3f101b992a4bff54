-- What share of each day's newcomers was active again 1, 3, 7 and 14 days later? Only ages that have passed.
with newcomers as (
  select realm, player, cast(date_trunc('day', registered_at) as date) as cohort
  from players
  where registered_at is not null),
visits as (
  select n.realm, n.player, n.cohort, date_diff('day', n.cohort, cast(date_trunc('day', s.started_at) as date)) as day
  from newcomers n
  left join sessions s on s.realm = n.realm and s.player = n.player
  group by 1, 2, 3, 4),
returned as (
  select realm, player, cohort,
    max(if(day = 1, 1, 0)) as day_1, max(if(day = 3, 1, 0)) as day_3,
    max(if(day = 7, 1, 0)) as day_7, max(if(day = 14, 1, 0)) as day_14
  from visits
  group by 1, 2, 3),
ages as (
  select r.*, date_diff('day', cohort, (select cast(date_trunc('day', max(started_at)) as date) from sessions)) as age
  from returned r)
select cohort,
  count(*) as newcomers,
  round(100e0 * avg(if(age >= 1, day_1)), 1) as percent_day_1,
  round(100e0 * avg(if(age >= 3, day_3)), 1) as percent_day_3,
  round(100e0 * avg(if(age >= 7, day_7)), 1) as percent_day_7,
  round(100e0 * avg(if(age >= 14, day_14)), 1) as percent_day_14
from ages
group by 1
order by 1
