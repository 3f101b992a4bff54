"""The Spark application: ``land`` writes the log to HDFS, ``settle`` applies it to the ledger in Redis."""
