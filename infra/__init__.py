"""Code that all processes share, without game rules: settings, logging, metrics, errors, Kafka and Presto clients."""
