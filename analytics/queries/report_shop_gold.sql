-- How much gold has ever been paid into the shop, according to the transfers?
select coalesce(sum(amount), 0) as gold from transfers where debit_name = 'gold' and credit_name = 'shop'
