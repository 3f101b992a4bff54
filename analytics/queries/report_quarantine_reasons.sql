-- Which reasons put the most records into quarantine?
select reason, count(*) as records from quarantine group by 1 order by 2 desc limit 10
