"""Fault injection: disturb the real servers of an instance during a workload, then let the checker judge the result.

``campaign`` runs a workload while it injects the faults of ``injectors`` in the order of ``schedule``, then heals and
checks; ``environment`` gives it an instance of its own and ``report`` prints the result. ``command`` joins these for
``./guildhall faults``. ``processes``, ``small_disks``, ``rogue_producer`` and ``second_settler`` are parts of faults.

Of ``load`` it imports ``load.workload``, ``load.checker`` and ``load.progress``.
"""
