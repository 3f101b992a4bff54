-- Up to which record of each realm the tables for analysts tell, and how many records have landed behind it.
with derived as (select realm, max("offset") as last from actions group by 1)
select e.realm,
  max(e."offset") as landed_up_to,
  coalesce(max(d.last), -1) as derivation_progress,
  count_if(e."offset" > coalesce(d.last, -1)) as behind
from events e
left join derived d on d.realm = e.realm
group by 1
order by 1
