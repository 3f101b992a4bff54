"""``./guildhall quarantine``: list, show and replay the records of the log that are not valid events."""
