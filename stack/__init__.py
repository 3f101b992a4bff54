"""Installs and runs the real servers on one machine, and operates a living instance."""
