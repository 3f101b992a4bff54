"""Operations on a running instance: reconciliation, quarantine, rebuild and status."""
