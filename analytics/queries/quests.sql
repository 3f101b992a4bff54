-- How often is each quest rewarded, to what share of the players, for how much gold, and after how long?
select a.details['quest'] as quest,
  count(*) as rewarded,
  round(100e0 * count(*) / (select count(*) from players where registered_at is not null), 1) as percent_of_players,
  sum(a.gold) as gold,
  round(approx_percentile(date_diff('second', p.registered_at, a.event_time), 0.5) / 60e0, 1) as median_minutes
from actions a
left join players p on p.realm = a.realm and p.player = a.player
where a.event_type = 'quest_rewarded'
group by 1
order by rewarded desc
