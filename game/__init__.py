"""The rules of the game: accounts, transfers, catalogue, events and decisions. Pure: no clock, network or files."""
