-- What do newcomers do within a day of registering? Only those who registered a day or more before the newest event.
with views as (
  select realm, player, min(event_time) as viewed_at from actions where event_type = 'shop_viewed' group by 1, 2),
newcomers as (
  select realm, player, registered_at, registered_at + interval '1' day as until, first_purchase_at, first_strike_at,
    first_guild_at
  from players
  where registered_at <= (select max(last_seen_at) from players) - interval '1' day)
select coalesce(viewed_at < until, false) as looked, coalesce(first_purchase_at < until, false) as bought,
  coalesce(first_strike_at < until, false) as fought, coalesce(first_guild_at < until, false) as joined,
  count(*) as players
from newcomers n left join views l on l.realm = n.realm and l.player = n.player
group by 1, 2, 3, 4
