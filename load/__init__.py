"""Programs that play the game against a running instance, and that judge or measure the result.

``workload``    plans seeded random requests, sends them, and records a history of the responses
``checker``     decides from that history, the log, Redis and Presto whether a promise was broken
``faults``      injects faults into real servers during a workload, then runs the checker
``simulation``  simulates agents in realms and writes weeks of their past events into the log
``scenarios``   sends minutes of live traffic with Apache Bench
``bench``       measures; it proves nothing

Imports go one way: workload < checker < faults, and simulation < scenarios. ``scenarios`` also uses the table of
operations of ``workload``. ``bench`` imports none of these folders. All of them may use ``guildhall_client``, the
Python client of the API, ``progress``, which waits, and ``loopback``, which keeps load on this machine.
"""
