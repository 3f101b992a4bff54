"""What the API runs beside requests: threads, clients and what they measure."""
