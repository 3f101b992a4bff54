"""Kafka: creation of clients, the topic, and the event log."""
