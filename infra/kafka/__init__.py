"""Everything about Kafka: creating clients, the event topic, and the event log."""
