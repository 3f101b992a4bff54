"""Simulate agents that play in realms, and write their past events into the log (backfill).

``personas`` contains all parameters. ``world_spec`` gives the size of the world, and ``activity_curve`` says how many
events happen in each hour. ``simulator`` simulates one realm. Its ``agents`` choose what to do by the functions in
``behaviour``, and see the realm through a ``realm_context``. ``agent_actions`` applies the rules of the game to each
choice. ``backfill_writer`` writes the realms in parallel processes, and ``backfill`` follows the events through the
pipeline. ``ground_truth`` compares the parameters with the results of an analysis.

From the other packages in ``load``, this package imports only ``load.progress``.
"""
