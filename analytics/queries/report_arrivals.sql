-- How many records did the log receive in its busiest minutes?
select date_trunc('minute', kafka_time) as minute, count(*) as records
from (select kafka_time from events union all select kafka_time from quarantine)
group by 1 order by 2 desc limit 60
