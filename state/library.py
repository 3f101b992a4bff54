"""Loads the ledger's functions into Redis, which stores them in its append-only file and snapshots, like data."""

from pathlib import Path

import redis

LIBRARY = Path(__file__).with_name("ledger.lua")


def install_library(connection: redis.Redis) -> None:
    """Load the library, replacing an older version. The user of the connection must be allowed to run FUNCTION LOAD."""
    connection.function_load(LIBRARY.read_text(), replace=True)
