-- When did each realm start a new generation, and how many records followed in it?
with fences as (
  select realm, "offset" as begins, kafka_time,
    lead("offset", 1, 9223372036854775807) over (partition by realm order by "offset") as ends
  from events
  where event_type = 'fence')
select f.realm, f.begins as generation, f.kafka_time as began_at,
  count(e."offset") as records,
  count_if(e.generation <> f.begins) as of_older_generations
from fences f
left join events e on e.realm = f.realm and e."offset" > f.begins and e."offset" < f.ends
group by 1, 2, 3
order by 1, 2
