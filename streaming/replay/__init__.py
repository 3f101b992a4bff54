"""Rebuilds the state in Redis from the log or from the landed tables."""
