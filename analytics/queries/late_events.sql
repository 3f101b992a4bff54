-- How long after it happened was each live event written? Generated events are left out.
select case
    when millis < 0 then '0 before its own time'
    when millis < 100 then '1 within 0.1 s'
    when millis < 1000 then '2 within 1 s'
    when millis < 60000 then '3 within a minute'
    when millis < 3600000 then '4 within an hour'
    else '5 later' end as written,
  count(*) as records,
  round(100e0 * count(*) / sum(count(*)) over (), 3) as percent,
  max(millis) as max_milliseconds
from (
  select date_diff('millisecond', event_time, kafka_time) as millis
  from events
  where element_at(details, 'generated') is null)
group by 1
order by 1
