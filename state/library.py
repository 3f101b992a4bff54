"""Puts the ledger's functions into Redis. They lie in its AOF and snapshots, like data."""

from pathlib import Path

import redis

LIBRARY = Path(__file__).with_name("ledger.lua")


def install_library(connection: redis.Redis) -> None:
    """Load the library, replacing an older one. Needs a user who may run FUNCTION LOAD."""
    connection.function_load(LIBRARY.read_text(), replace=True)
