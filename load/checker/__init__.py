"""The checker: decide from a history, the log, Redis and Presto whether every promise of the system was kept.

``collect`` reads the log and the ledger, ``archive`` reads Presto. ``check`` is pure: it runs the checks of
``acknowledgements``, ``reads``, ``invariants`` and ``convergence`` on a ``check_input`` for each realm. All of them
compare with ``model``, which computes the balances of a realm from its log alone.

Of ``load`` it imports only ``load.workload``, for the history of requests and responses.
"""
