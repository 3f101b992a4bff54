"""The rules as pure functions, with one module for each game mechanic. A rule takes balances and returns a decision."""
