"""Background threads and clients of other servers that all requests of a process share, and their metrics."""
