"""Spark: one application with two queries. ``land`` keeps the log on HDFS, ``settle`` keeps the books in Redis."""
