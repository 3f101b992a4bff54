"""What happens to each HTTP request: identity, guards, limits, idempotency, execution and streams."""
