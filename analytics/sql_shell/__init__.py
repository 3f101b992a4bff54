"""Implement ``./guildhall sql``: the prompt, completion, statements and results. See decision record 0011."""
