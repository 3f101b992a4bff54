-- Why records of the log were no events.
select reason, count(*) as records from quarantine group by 1 order by 2 desc limit 10
