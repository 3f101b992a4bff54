"""Benchmarks of a running instance. They measure and are not tests.

``latency``   time from the API's response until an event is settled, and the rate of settling a backlog
``queries``   seconds of each ready-made query
``multiply``  makes the tables many times larger, so that queries can be measured on millions of events
``soak``      number of data files of the tables over hours of commits

Each is a program: ``python -m load.bench.NAME --help``. Of ``load`` they import only ``guildhall_client``.
"""
