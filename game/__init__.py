"""The rules of the game: accounts, transfers, catalogue, events and decisions.

The rules are pure functions, which use no clock, no network and no files.
"""
