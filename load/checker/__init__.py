"""Decide from a history, the log, Redis and Presto whether the system kept all of its promises.

``collect`` reads the log and the ledger, and ``archive`` reads Presto. ``check`` does no input or output. For each
realm, it runs the checks in ``acknowledgements``, ``reads``, ``invariants`` and ``convergence`` on a ``CheckInput``.
The checks compare what they find with ``model``, which computes the balances of a realm from the log alone.

From the other folders of ``load``, the checker imports only ``workload``, which defines the history.
"""
