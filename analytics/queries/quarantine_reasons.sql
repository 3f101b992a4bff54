-- Why records of the log are no events, how many, and the newest one of each kind.
select reason,
  count(*) as records,
  min(kafka_time) as first_at,
  max(kafka_time) as last_at,
  max_by(realm, kafka_time) as realm,
  max_by("offset", kafka_time) as "offset"
from quarantine
group by 1
order by records desc
