"""The HTTP API: authenticate, validate, decide, reserve, append, and respond after Kafka's acknowledgement."""
