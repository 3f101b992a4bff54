"""Disturb the real servers of an instance during a workload, then let the checker judge the result.

``injectors`` defines the faults, and ``schedule`` chooses their order. ``campaign`` runs a workload and injects the
faults meanwhile. Then it heals the servers and runs the checker. ``environment`` starts a new instance for a campaign,
and ``report`` prints the result. ``command`` combines these modules for ``./guildhall faults``. The injectors use
``processes``, ``small_disks``, ``rogue_producer`` and ``second_settler``.

From the rest of ``load``, this folder imports only ``workload``, ``checker`` and ``progress``.
"""
