"""Process concerns without game rules: settings, logging, metrics, errors, clients of Kafka and Presto."""
