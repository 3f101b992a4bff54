"""Scenarios: live traffic that Apache Bench (ab) sends to the API of a running instance.

``plan`` turns the name of a scenario into a plan of minutes, with a ``session_plan`` for each player. ``ab_runner``
plays the plan, ``results`` and ``plots`` sum it up, and ``run`` compares the sums with the log. ``register_players``
and ``smoke_results`` are the Python parts of ``load/data_generator.sh``, the smaller load of the demo. ``ab_output``
reads what ab writes, for both.

Of ``load`` it imports ``load.simulation.personas``, the operations of ``load.workload``, ``guildhall_client``,
``progress`` and ``loopback``.
"""
