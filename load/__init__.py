"""Play the game against a running instance, and judge or measure the result.

``workload``    plans seeded random requests, sends them, and records a history of the responses
``checker``     decides from that history, the log, Redis and Presto whether the system broke a promise
``faults``      injects faults into real servers during a workload, then runs the checker
``simulation``  simulates agents in realms and writes weeks of their past events into the log
``scenarios``   sends minutes of live traffic with Apache Bench
``bench``       measures speed; its results prove nothing about correctness

Imports go in one direction: workload < checker < faults, and simulation < scenarios. ``scenarios`` also uses the
operations table of ``workload``. ``bench`` imports none of these folders.

All of these folders may use three modules: ``guildhall_client`` is the Python client of the API, ``progress`` waits for
the streams, and ``loopback`` makes sure that the load goes only to this machine.
"""
