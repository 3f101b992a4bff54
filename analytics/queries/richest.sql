-- Which 20 players have the most gold, and where did it come from?
with incomes as (
  select realm, credit_owner,
    sum(if(debit = 'house:mint', amount, 0)) as minted,
    sum(if(debit = 'house:bounties', amount, 0)) as bounties,
    sum(if(debit = 'house:buyback', amount, 0)) as sales,
    sum(if(debit_owner <> 'house', amount, 0)) as from_others
  from transfers
  where credit_name = 'gold' and debit <> credit
  group by 1, 2)
select p.realm, p.player, p.gold, p.earned, p.spent, i.minted, i.bounties, i.sales, i.from_others, p.guild
from (select * from players where not "left" order by gold desc limit 20) p
left join incomes i on i.realm = p.realm and i.credit_owner = 'player:' || p.player
order by p.gold desc, p.player
