"""A living world: weeks of it written into the log at once, or minutes of it played against the running API by ab."""
