"""The command line: one file a group of commands. It imports everything and nothing imports it."""
