"""The pure rules, one file a mechanic: each function takes balances and returns a decision."""
