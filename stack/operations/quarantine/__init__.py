"""Implements ``./guildhall quarantine``, which lists, shows and replays log records that are not valid events."""
