"""Handle HTTP requests: identify the sender, check, limit and deduplicate requests, execute commands, stream events."""
