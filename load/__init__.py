"""Plays the game against a running API and keeps the figures."""
