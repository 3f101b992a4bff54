"""Kafka: client construction, the topic, and the event log."""
