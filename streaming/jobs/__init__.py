"""Background jobs (derived tables, summaries and table maintenance), and the scheduler that runs them."""
