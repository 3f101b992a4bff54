"""What an operator runs on a living instance: reconcile, quarantine, rebuild and status."""
