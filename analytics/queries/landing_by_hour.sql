-- How many records did the log receive each hour by Kafka's clock, and how many in the busiest minute of the hour?
select date_trunc('hour', minute) as hour,
  sum(records) as records,
  max(records) as max_per_minute
from (
  select date_trunc('minute', kafka_time) as minute, count(*) as records
  from events
  group by 1)
group by 1
order by 1
