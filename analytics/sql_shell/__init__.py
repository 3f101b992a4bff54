"""The SQL prompt of ./guildhall sql: completion, statements, results and query plans."""
