"""The Spark application: ``land`` writes the log to HDFS, and ``settle`` applies the log to the ledger in Redis."""
