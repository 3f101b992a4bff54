"""What the API runs beside its requests: threads, clients and their metrics."""
