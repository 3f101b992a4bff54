-- How many events of each type count?
select event_type, count(*) as actions from actions group by 1 order by 2 desc
