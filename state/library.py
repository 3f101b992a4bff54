"""Loads the ledger's functions into Redis, which keeps them in its AOF and snapshots, like data."""

from pathlib import Path

import redis

LIBRARY = Path(__file__).with_name("ledger.lua")


def install_library(connection: redis.Redis) -> None:
    """Load the library and replace an older one. Needs a user that may run FUNCTION LOAD."""
    connection.function_load(LIBRARY.read_text(), replace=True)
