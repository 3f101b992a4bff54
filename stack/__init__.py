"""The operator's side: installs and runs the real servers natively, and the command line."""
