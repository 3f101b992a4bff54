"""A simulated world of agents: writes weeks of past events at once."""
