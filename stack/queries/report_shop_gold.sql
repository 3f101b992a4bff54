-- Gold that went into the shop, ever: by the transfers.
select coalesce(sum(amount), 0) as gold from moves where credit = 'house:shop' and debit_name = 'gold'
