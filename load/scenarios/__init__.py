"""Live traffic: scenarios that Apache Bench plays against the running API."""
