-- How many records the log took in each hour by Kafka's clock, and the most in a minute of it.
select date_trunc('hour', minute) as hour,
  sum(records) as records,
  max(records) as most_in_a_minute
from (
  select date_trunc('minute', kafka_time) as minute, count(*) as records
  from events
  group by 1)
group by 1
order by 1
