"""The SQL prompt of ``./guildhall sql``: completion, statements and results. See decision record 0011."""
