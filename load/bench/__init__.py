"""Benchmarks: latency, soak, query times and the history multiplier."""
