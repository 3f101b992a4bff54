"""Measure a running instance. Benchmarks only measure; they are not tests.

``latency``   measures the time from the API's response until an event is settled, and how fast a backlog is settled
``queries``   measures how many seconds each ready-made query takes
``multiply``  makes the tables many times larger, so that queries can be measured on millions of events
``soak``      counts the data files of the tables during hours of commits

Each module is a program: ``python -m load.bench.NAME --help``. From the rest of ``load``, these programs import only
``guildhall_client``.
"""
