"""The SQL prompt of ``./guildhall sql``: completion, statements and results. Decision record 0011 says why it is ours."""
