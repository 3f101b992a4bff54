"""Send live traffic to the API of a running instance with Apache Bench (ab).

``plan`` turns the name of a scenario into a plan for some minutes of play, with a ``session_plan`` for each player.
``ab_runner`` plays the plan. ``results`` and ``plots`` sum up the measurements, and ``run`` compares the number of
accepted requests with the log. ``register_players`` and ``smoke_results`` are the Python parts of
``load/data_generator.sh``, which generates the smaller load for the demo. Scenarios and the demo both read ab's files
with ``ab_output``.

From the rest of ``load``, this package imports ``load.simulation.personas``, the operations in ``load.workload``,
``guildhall_client``, ``progress`` and ``loopback``.
"""
