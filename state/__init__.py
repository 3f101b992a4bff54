"""The ledger: balances, holds and offsets of every realm in Redis, behind one library of Redis Functions."""
