-- How many players have how much gold? Only players who were active in the last 7 days and have not left.
select gold, count(*) as players
from players
where not "left" and last_seen_at >= (select max(last_seen_at) from players) - interval '7' day
group by 1
order by 1
