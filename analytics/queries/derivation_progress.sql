-- Which record have the tables for analysts reached in each realm, and how many landed records are still missing?
with derived as (select realm, max("offset") as last from actions group by 1)
select e.realm,
  max(e."offset") as landed_up_to,
  coalesce(max(d.last), -1) as derived_up_to,
  count_if(e."offset" > coalesce(d.last, -1)) as missing
from events e
left join derived d on d.realm = e.realm
group by 1
order by 1
