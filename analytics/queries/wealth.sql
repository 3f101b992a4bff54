-- How concentrated is gold: how much does each tenth of the players have, from the poorest to the richest?
select tenth,
  count(*) as players,
  min(gold) as least,
  max(gold) as most,
  sum(gold) as gold,
  round(100e0 * sum(gold) / nullif(sum(sum(gold)) over (), 0), 1) as percent,
  round(100e0 * sum(sum(gold)) over (order by tenth) / nullif(sum(sum(gold)) over (), 0), 1) as percent_up_to_here
from (
  select gold, ntile(10) over (order by gold, realm, player) as tenth
  from players
  where not "left")
group by tenth
order by tenth
