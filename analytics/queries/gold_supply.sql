-- How much gold enters and leaves the game each day, by which way, and does the supply grow?
with flows as (
  select cast(date_trunc('day', event_time) as date) as day, event_type, debit, credit,
    if(credit_owner = 'house', -amount, amount) as gold
  from transfers
  where (credit_name = 'gold' and debit_owner = 'house') or (debit_name = 'gold' and credit_owner = 'house')),
days as (
  select day,
    sum(if(event_type = 'player_registered', gold, 0)) as at_registration,
    sum(if(event_type = 'gold_claimed', gold, 0)) as daily_gold,
    sum(if(event_type = 'quest_rewarded', gold, 0)) as quests,
    sum(if(debit = 'house:bounties', gold, 0)) as bounties,
    sum(if(debit = 'house:buyback', gold, 0)) as bought_back,
    sum(if(credit = 'house:shop', gold, 0)) as shop,
    sum(if(credit = 'house:healer', gold, 0)) as healer,
    sum(if(event_type = 'player_left', gold, 0)) as left_with_players,
    sum(if(gold > 0, gold, 0)) as came,
    sum(if(gold < 0, gold, 0)) as went
  from flows
  group by 1)
select *,
  came + went as net,
  sum(came + went) over (order by day) as supply
from days
order by day
