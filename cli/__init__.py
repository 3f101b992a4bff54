"""The command line, with one module for each section of its help. It may import every folder; none imports it."""
