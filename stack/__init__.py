"""Installs and runs the servers on one machine, and operates a running instance."""
