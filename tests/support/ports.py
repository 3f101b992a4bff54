"""Find free ports."""

import os
import socket

# First port in the range for tests. The range lies below the ports that the kernel gives to clients. If two checkouts
# run tests at the same time, each needs its own range.
FIRST = int(os.environ.get("GUILDHALL_TEST_PORT", "17400"))
RANGE = 1600
# Number of pytest-xdist processes that get separate ports. A fifth process would share the ports of the first.
WORKERS = 4


def free_block(size: int) -> int:
    """Return the first of ``size`` consecutive free ports."""
    # Each process searches only its own share of the range. If two processes checked the same ports at the same time,
    # both would find them free.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    share = RANGE // WORKERS
    for first in range(FIRST + worker * share, FIRST + (worker + 1) * share - size, size):
        if all(_is_free(port) for port in range(first, first + size)):
            return first
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
