"""Implements ``./guildhall verify``, which compares the balances in Redis with the balances that Presto computes.

Players see the balances in Redis. Presto computes every balance a second time from the landed transfers, with SQL that
shares no code with the ledger. The SQL decides from the landed log which events are effective. These are the rules:

* A fence opens a generation, and its offset is the generation's number. Before the first fence the number is -1.
  A record is stale if its generation is not the current generation of its realm. A stale record has no effect and does
  not use up its id. A fence itself does not belong to a generation, so it is never stale.
* Among the records with the same id that are not stale, the first one wins. The later ones are duplicates.
* Telemetry has no transfers, and the ledger does not remember its ids, so it is left out.
* A void that wins has no transfers. An event that the ledger rejected has no effect either, but the SQL must confirm
  that each rejected event would have broken a balance.

For this SQL, an id is unique permanently. The ledger guarantees this only for a day of log time. So if an id is used
again after more than a day, the comparison reports a difference.

The same rules are also in state/ledger.lua, load/checker/model.py and streaming/jobs/deduplication.py. This repetition
is deliberate, because independent implementations can check each other. Do not merge the implementations.
"""
