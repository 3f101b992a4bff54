"""Simulation: agents play in simulated realms, and their past events are written into the log (backfill).

``personas`` has all parameters. ``world_spec`` says what is simulated and ``activity_curve`` when. ``simulator`` runs
one realm: its ``agents`` choose (``behaviour``) what to do in a ``realm_context``, and ``agent_actions`` lets the rules
of the game decide it. ``backfill_writer`` writes the realms in parallel processes and ``backfill`` follows their events
through the pipeline. ``ground_truth`` compares the parameters with what an analysis found.

Of ``load`` it imports only ``load.progress``.
"""
