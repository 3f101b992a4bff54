-- Gold that went into the shop, ever: by the transfers.
select coalesce(sum(amount), 0) as gold from transfers where debit_name = 'gold' and credit_name = 'shop'
