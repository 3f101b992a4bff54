"""Plays from a seed, keeps the history, and decides from it whether every promise was kept."""
