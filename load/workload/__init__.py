"""Seeded random requests, their delivery and the recorded history."""
