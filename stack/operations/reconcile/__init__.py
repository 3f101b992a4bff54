"""``./guildhall verify``: compare the balances that players see in Redis with those that analysts compute in Presto.

Presto computes every balance a second time, from the landed transfers, and shares no code with the ledger. The SQL
decides from the log alone which events are effective:

* A fence opens a generation, and its offset is the generation's number. Before the first fence the number is -1.
  A record of another generation than its realm's is stale: it has no effect and does not use up its id. A fence itself
  belongs to no generation.
* Of the records with the same id that are not stale, the first one wins. Later ones are duplicates.
* Telemetry has no transfers, and the ledger does not remember its ids, so it is left out.
* A void that wins has no transfers. An event that the ledger rejected has no effect either, but the SQL must confirm
  that each rejected event would have broken a balance.

Here an id is unique permanently. The ledger only promises it for a day of log time, so repeating an id after that
shows up as a difference.

This repeats rules of state/ledger.lua, load/checker/model.py and streaming/jobs/deduplication.py on purpose:
independent implementations can check each other. Do not merge them.
"""
