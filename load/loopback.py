"""Make sure that load is sent only to servers on this machine."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Return whether the URL's host is this machine, that is ``localhost`` or a loopback address.

    The load generators refuse all other hosts, because the load would flood a server that other people use.
    """
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
