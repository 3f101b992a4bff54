-- How late do events reach the log? Live by Kafka's clock, generated behind the newest earlier event of their day.
with waits as (
  select generated is not null as generated, case
    when generated is null then date_diff('millisecond', event_time, kafka_time)
    else date_diff('millisecond', event_time, max(event_time) over (
      partition by realm, generated, cast(event_time as date) order by "offset"
      rows between unbounded preceding and current row)) end as late
  from actions)
select generated, case when late <= 1000 then 1 when late <= 10000 then 10 when late <= 60000 then 60
  when late <= 300000 then 300 when late <= 900000 then 900 else 86400 end as within_seconds,
  count(*) as events, max(late) / 1000e0 as longest
from waits
group by 1, 2
order by 1, 2
