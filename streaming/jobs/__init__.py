"""Background jobs beside the streams: derived tables, summaries and table maintenance, with their scheduler."""
