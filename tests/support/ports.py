"""Free ports."""

import os
import socket

# Below the ports that the kernel gives to clients. Two checkouts that test at the same time need ranges of their own.
FIRST = int(os.environ.get("GUILDHALL_TEST_PORT", "17400"))
RANGE = 1600
WORKERS = 4  # processes of pytest-xdist that have ports of their own; a fifth one shares those of the first


def free_block(size: int) -> int:
    """Return the first of ``size`` consecutive free ports."""
    # Two processes that looked at the same ports at the same time would both find them free.
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
