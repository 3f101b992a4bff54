-- Why are records in quarantine, how many are there, and which is the newest one of each reason?
select reason,
  count(*) as records,
  min(kafka_time) as first_at,
  max(kafka_time) as last_at,
  max_by(realm, kafka_time) as realm,
  max_by("offset", kafka_time) as "offset"
from quarantine
group by 1
order by records desc
