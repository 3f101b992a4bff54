-- How many actions, players, newcomers, purchases and blows were there each day, and how many actions were generated?
select cast(date_trunc('day', event_time) as date) as day,
  count(*) as actions,
  count_if(generated is not null) as generated_actions,
  count(distinct player) as players,
  count_if(event_type = 'player_registered') as newcomers,
  count_if(event_type in ('sword_bought', 'item_bought')) as purchases,
  count_if(event_type in ('player_struck', 'player_defeated')) as blows,
  count_if(event_type in ('trade_made', 'gift_given')) as gifts_and_trades
from actions
group by 1
order by 1
