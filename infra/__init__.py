"""Concerns of every process, without game rules: settings, logging, metrics, errors, clients of Kafka and Presto."""
