"""The steps of an HTTP request: identity, guards, limits, idempotency, execution and streams."""
