"""Starts, supervises and stops the real servers of one instance."""
