"""Disturbs the real servers of an instance while players play, and has the checker judge what came of it."""
